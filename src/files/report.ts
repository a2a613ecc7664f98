/** A run as a report, in Markdown or as a printable page: what was run, on what, what came out, and what it cost. */
import type { Run, Verdict } from '../experiment/run';
import { reasonsOf, sentenceOf } from '../experiment/verdict';
import { wordsOf } from '../i18n/text';
import { metricOf, SHOWN_METRICS } from '../metrics';
import { heading, list, paragraph, quote, table, toHtml, toMarkdown, type Block } from './document';

const words = wordsOf('en');
const { say } = words;

const SOLVERS: Record<Run['map']['solver'], string> = {
  wgsl: 'WGSL kernels',
  wasm: 'ONNX Runtime WASM and float64',
  float64: 'float64',
};

/** Renders the report as Markdown. The same run gives the same report. */
export const renderReport = (run: Run): string => toMarkdown(reportOf(run));

/** Renders the report as an HTML page that prints well and needs nothing beside it. */
export const renderReportHtml = (run: Run): string => toHtml(run.experiment.title, reportOf(run));

/** The questions of the verdict with their answers; none of a run made before there was a chain. */
const chainLines = ({ chain }: Verdict): string[] =>
  (chain?.steps ?? []).flatMap(({ question, answer, sentence }) =>
    answer === 'unasked'
      ? []
      : [
          words.text('evidence.chain.line', {
            question: words.text(`evidence.chain.question.${question}`),
            answer: words.text(`evidence.chain.answer.${answer}`),
            sentence,
          }),
        ],
  );

function reportOf(run: Run): Block[] {
  const { models, map, device } = run;
  const { vector } = run.steer;
  const { verdict } = run.evidence;
  const { alignment, tokens } = run.activations;
  const { statistics } = map;
  const { selfTest } = device;
  return [
    heading(1, run.experiment.title),
    paragraph({ bold: say(sentenceOf(verdict)) }),
    list([
      ...chainLines(verdict),
      ...reasonsOf(run.evidence).map(say),
      ...run.warnings.map(({ message }) => `Warning: ${say(message)}`),
    ]),
    heading(2, 'What was run'),
    table(
      ['', 'source (small)', 'target (large)'],
      [
        ['model', models.source.title, models.target.title],
        [
          'blocks × width',
          `${models.source.layers} × ${models.source.hiddenSize}`,
          `${models.target.layers} × ${models.target.hiddenSize}`,
        ],
        [
          'parameters',
          models.source.params?.toLocaleString('en') ?? 'not stated',
          models.target.params?.toLocaleString('en') ?? 'not stated',
        ],
        ['validation loss', fixed(models.source.validationLoss, 4), fixed(models.target.validationLoss, 4)],
        ['block', String(map.layers.source), String(map.layers.target)],
      ],
    ),
    paragraph(
      `Backend: ${device.backend} (${say(device.reason)}). Adapter: ${device.adapter}. ${Object.entries(device.versions)
        .map(([name, version]) => `${name} ${version}`)
        .join(', ')}.`,
    ),
    paragraph(
      `Tokens: ${tokens.kept.toLocaleString('en')} kept of ${tokens.read.toLocaleString('en')} read; ${tokens.train.toLocaleString('en')} to fit, ${tokens.heldOut.toLocaleString('en')} held out.`,
    ),
    ...(alignment?.by === 'characters'
      ? [
          paragraph(
            `Positions paired by characters: ${percent(alignment.share.source)} of the source’s and ${percent(alignment.share.target)} of the target’s positions have a partner.`,
          ),
        ]
      : []),
    heading(2, `Do the models belong together? ${words.text(`run.homology.${models.homology.verdict}`)}`),
    table(
      ['check', 'outcome', 'what was found'],
      models.homology.checks.map(({ name, passed, detail }) => [say(name), passed ? 'passed' : 'failed', say(detail)]),
    ),
    ...(models.homology.unsampled
      ? [paragraph(`No sample of states was compared: ${say(models.homology.unsampled)}`)]
      : []),
    heading(2, 'The map'),
    table(
      ['figure', 'value'],
      [
        ['held-out R²', fixed(map.heldOutR2, 4)],
        ['held-out R², shuffled pairs (control)', fixed(map.shuffledR2, 4)],
        ['centred cosine', fixed(map.centredCosine, 4)],
        ['median R² over dimensions', fixed(map.medianDimensionR2, 4)],
        ['λ', `${map.lambda}, ${say(map.lambdaRule)}`],
        ['kind of map', mapName(map)],
        ...(statistics ? [['effective rank', `${fixed(statistics.effectiveRank, 1)} of ${statistics.ceiling}`]] : []),
        ...(statistics?.withoutTop ?? [])
          .slice(1, 3)
          .map(({ without, r2 }) => [
            `held-out R² without the ${without === 1 ? 'dimension' : `${without} dimensions`} of highest variance`,
            fixed(r2, 4),
          ]),
        ['solver', SOLVERS[map.solver]],
        [
          'relative error of W against float64',
          `${map.errorVsFloat64.toExponential(1)} on ${map.auditRows.toLocaleString('en')} rows`,
        ],
        ...(selfTest
          ? [
              [
                'self-test of the solver',
                `${selfTest.passed ? 'passed' : 'failed'}, ${selfTest.cases.length} cases in ${selfTest.milliseconds.toFixed(0)} ms`,
              ],
            ]
          : []),
      ],
    ),
    paragraph(
      `Layers: ${say(map.layerRule)}.${map.secondPassReason ? ` Collected twice: ${say(map.secondPassReason)}.` : ''}`,
    ),
    table(
      ['kind of map', 'held-out R²', 'R² on fitted texts'],
      map.family.map((member) => [mapName(member), fixed(member.heldOutR2, 4), fixed(member.trainR2, 4)]),
    ),
    heading(2, 'The vector'),
    table(
      ['figure', 'value'],
      [
        ['cosine mapped · native', `${fixed(vector.cosineMappedNative, 3)} (chance ±${fixed(vector.chanceBand, 3)})`],
        ['cos(Wv, Wv + p)', fixed(vector.cosineWithBias, 3)],
        [
          'norms: source, mapped, native',
          [vector.norms.source, vector.norms.mapped, vector.norms.native].map((n) => fixed(n, 2)).join(', '),
        ],
        [
          'AUROC on held-out pairs: source, mapped, native',
          [vector.auroc.source, vector.auroc.mapped, vector.auroc.native].map((a) => fixed(a, 3)).join(', '),
        ],
        ...(run.experiment.concept.kind === 'vector'
          ? [['vector of the small model', 'brought along; the pairs give the native vector and judge both']]
          : []),
        ['operation', wordsOf('en').text(`operations.label.${run.experiment.transfer.operation}`)],
        [
          'steered positions',
          wordsOf('en').text(`operations.scope.${run.experiment.transfer.scope}`, {
            tokens: run.experiment.transfer.scopeTokens,
          }),
        ],
        [
          'pairs',
          `${vector.pairs}, ${wordsOf('en').text(`settings.vector.readPosition.option.${vector.readPosition}`)}`,
        ],
      ],
    ),
    heading(2, 'Arms at the chosen dose'),
    table(
      [
        'arm',
        'towards',
        'r',
        'α',
        'iso-KL',
        'wanted side',
        '95 % interval',
        'n',
        ...SHOWN_METRICS.map(({ id }) => words.text(`metric.${id}.name`)),
      ],
      run.evidence.arms.map((arm) => [
        words.text(`arms.${arm.name}.name`),
        arm.direction === 'none' ? '–' : arm.direction,
        fixed(arm.dose.r, 2),
        fixed(arm.dose.alpha, 2),
        arm.dose.isoKl === null ? '–' : fixed(arm.dose.isoKl, 2),
        percent(arm.conceptRate.value),
        `${percent(arm.conceptRate.interval[0])}–${percent(arm.conceptRate.interval[1])}`,
        String(arm.conceptRate.n),
        ...SHOWN_METRICS.map(({ id, digits }) => fixed(metricOf(arm.metrics, id), digits)),
      ]),
    ),
    heading(2, 'One continuation of each arm'),
    ...run.evidence.arms.flatMap((arm) => [
      paragraph({
        bold: `${words.text(`arms.${arm.name}.name`)}${arm.direction === 'none' ? '' : `, ${arm.direction}`}`,
      }),
      quote(arm.samples[0] ?? ''),
    ]),
    heading(2, 'Provenance'),
    paragraph('Experiment digest ', { code: run.experimentDigest }, `. ${run.app.name} ${run.app.version}.`),
    list(
      [models.source, models.target].map(
        (model) =>
          `${model.id} (${model.dtype}): ${model.digests.find((file) => file.path.endsWith('.onnx'))?.sha256 ?? 'no digest'}`,
      ),
    ),
    paragraph(
      `Time: ${Object.entries(run.timings)
        .map(([stage, ms]) => `${stage} ${((ms ?? 0) / 1000).toFixed(1)} s`)
        .join(', ')}.`,
    ),
  ];
}

/** A kind of map in words, with its rank where it was cut. */
export function mapName({ kind, rank }: Pick<Run['map'], 'kind' | 'rank'>): string {
  const name = wordsOf('en').text(`map.kind.${kind}`).toLowerCase();
  return rank === null ? name : `${name} ${rank}`;
}

function fixed(x: number | null, digits: number): string {
  return x === null ? '–' : x.toFixed(digits);
}

function percent(x: number): string {
  return `${Math.round(x * 100)} %`;
}
