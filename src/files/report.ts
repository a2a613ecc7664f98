/** A run as a report, in Markdown or as a printable page: what was run, on what, what came out, and what it cost. */
import type { ArmResult, Run } from '../experiment/run';
import { wordsOf } from '../i18n/text';
import { heading, list, paragraph, quote, table, toHtml, toMarkdown, type Block } from './document';

const armName = ({ name }: ArmResult): string => wordsOf('en').text(`arms.${name}.name`);

const HOMOLOGY_NAMES: Record<Run['models']['homology']['verdict'], string> = {
  homologous: 'Homologous',
  related: 'Related',
  'not-homologous': 'Not homologous',
};

/** Renders the report as Markdown. The same run gives the same report. */
export const renderReport = (run: Run): string => toMarkdown(reportOf(run));

/** Renders the report as an HTML page that prints well and needs nothing beside it. */
export const renderReportHtml = (run: Run): string => toHtml(run.experiment.title, reportOf(run));

function reportOf(run: Run): Block[] {
  const { models, map, vector, verdict, device } = run;
  return [
    heading(1, run.experiment.title),
    paragraph({ bold: verdict.sentence }),
    list([...verdict.reasons, ...run.warnings.map(({ text }) => `Warning: ${text}`)]),
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
      `Backend: ${device.backend} (${device.reason}). Adapter: ${device.adapter}. ${Object.entries(device.versions)
        .map(([name, version]) => `${name} ${version}`)
        .join(', ')}.`,
    ),
    paragraph(
      `Tokens: ${run.tokens.kept.toLocaleString('en')} kept of ${run.tokens.read.toLocaleString('en')} read; ${run.tokens.train.toLocaleString('en')} to fit, ${run.tokens.heldOut.toLocaleString('en')} held out.`,
    ),
    ...(run.activations.alignment.by === 'characters'
      ? [
          paragraph(
            `Positions paired by characters: ${percent(run.activations.alignment.share.source)} of the source’s and ${percent(run.activations.alignment.share.target)} of the target’s positions have a partner.`,
          ),
        ]
      : []),
    heading(2, `Do the models belong together? ${HOMOLOGY_NAMES[models.homology.verdict]}`),
    table(
      ['check', 'outcome', 'what was found'],
      models.homology.checks.map(({ name, passed, detail }) => [name, passed ? 'passed' : 'failed', detail]),
    ),
    ...(models.homology.unsampled ? [paragraph(`No sample of states was compared: ${models.homology.unsampled}`)] : []),
    heading(2, 'The map'),
    table(
      ['figure', 'value'],
      [
        ['held-out R²', fixed(map.heldOutR2, 4)],
        ['held-out R², shuffled pairs (control)', fixed(map.shuffledR2, 4)],
        ['centred cosine', fixed(map.centredCosine, 4)],
        ['median R² over dimensions', fixed(map.medianDimensionR2, 4)],
        ['λ', `${map.lambda}, ${map.lambdaRule}`],
        ['kind of map', mapName(map)],
        ['effective rank', `${fixed(map.statistics.effectiveRank, 1)} of ${map.statistics.ceiling}`],
        ...map.statistics.withoutTop
          .slice(1, 3)
          .map(({ without, r2 }) => [
            `held-out R² without the ${without === 1 ? 'dimension' : `${without} dimensions`} of highest variance`,
            fixed(r2, 4),
          ]),
        ['solver', map.solver === 'wgsl' ? 'WGSL kernels' : 'ONNX Runtime WASM and float64'],
        [
          'relative error of W against float64',
          `${map.errorVsFloat64.toExponential(1)} on ${map.auditRows.toLocaleString('en')} rows`,
        ],
        [
          'self-test of the solver',
          `${device.selfTest.passed ? 'passed' : 'failed'}, ${device.selfTest.cases.length} cases in ${device.selfTest.milliseconds.toFixed(0)} ms`,
        ],
      ],
    ),
    paragraph(`Layers: ${map.layerRule}.${map.secondPassReason ? ` Collected twice: ${map.secondPassReason}.` : ''}`),
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
        ['pairs', `${vector.pairs}, ${wordsOf('en').text(`settings.vector.readPosition.option.${vector.readPosition}`)}`],
      ],
    ),
    heading(2, 'Arms at the chosen dose'),
    table(
      ['arm', 'towards', 'r', 'α', 'iso-KL', 'wanted side', '95 % interval', 'n', 'p95 KL', 'rep-3'],
      run.arms.map((arm) => [
        armName(arm),
        arm.direction === 'none' ? '–' : arm.direction,
        fixed(arm.dose.r, 2),
        fixed(arm.dose.alpha, 2),
        arm.dose.isoKl === null ? '–' : fixed(arm.dose.isoKl, 2),
        percent(arm.conceptRate.value),
        `${percent(arm.conceptRate.interval[0])}–${percent(arm.conceptRate.interval[1])}`,
        String(arm.conceptRate.n),
        fixed(arm.p95Kl, 2),
        fixed(arm.rep3, 2),
      ]),
    ),
    heading(2, 'One continuation of each arm'),
    ...run.arms.flatMap((arm) => [
      paragraph({ bold: `${armName(arm)}${arm.direction === 'none' ? '' : `, ${arm.direction}`}` }),
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
  return rank === null ? kind.replace('-', ' ') : `${kind.replace('-', ' ')} ${rank}`;
}

function fixed(x: number | null, digits: number): string {
  return x === null ? '–' : x.toFixed(digits);
}

function percent(x: number): string {
  return `${Math.round(x * 100)} %`;
}
