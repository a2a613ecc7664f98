import { METRICS } from '../metrics';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sha256Hex } from '../experiment/digest';
import { DOSED_ARMS } from '../experiment/arms';
import type { DoseCell, MapArrays, Run } from '../experiment/run';
import { OPERATIONS, parseExperiment, parseExperimentJson } from '../experiment/schema';
import { heading, list, paragraph, quote, table, toHtml, toMarkdown } from './document';
import { llamaCommand, shellWord } from './llama-script';
import { readMap, writeMap } from './map-file';
import { PYTHON_OPERATIONS } from './operations';
import { outputsOf, prefixOf, type Output, type OutputId } from './outputs';
import { describePlace } from './places';
import { readSafetensors } from './safetensors';
import { slug } from './steering';
import { readSweep, writeSweep } from './sweep';
import { bits, failure, floats, recordedRun, survivesDamage } from './testing';
import { saidBy, saying } from '../i18n/testing';

const run = recordedRun();
const text = (output: Output): string => {
  const made = output.contents();
  return typeof made === 'string' ? made : new TextDecoder().decode(made);
};
const arrays: MapArrays = {
  W: Float32Array.from({ length: 6 }, (_, i) => i / 7),
  p: Float32Array.of(1, 2, 3),
  muSource: Float32Array.of(4, 5),
  muTarget: Float32Array.of(6, 7, 8),
};

describe('the list of files', () => {
  const outputs = (of: Run, map: MapArrays | null = null): Map<OutputId, Output> =>
    new Map(
      outputsOf(of, { vector: 'mapped', map, pairs: [], prefix: prefixOf(of) }).map((output) => [output.id, output]),
    );

  test('all of them are made, named alike, and the same twice', () => {
    const all = outputs(run, arrays);
    expect([...all.keys()]).toEqual([
      'gguf',
      'llama',
      'safetensors',
      'python',
      'svec',
      'map',
      'card',
      'sweep',
      'pairs-jsonl',
      'pairs-csv',
      'experiment',
      'run',
      'report-md',
      'report-html',
    ]);
    for (const [id, output] of all) {
      expect(output.name).toMatch(/^stories-s-stories-l-mood-[\w.-]+$/);
      expect(text(output), id).toBe(text(outputs(run, arrays).get(id)!));
    }
    expect(outputs(run).has('map')).toBe(false);
    expect(JSON.parse(text(all.get('experiment')!))).toEqual(run.experiment);
    expect(parseExperimentJson(text(all.get('experiment')!))).toEqual(parseExperiment(run.experiment));
  });

  test('the card names the files with their digests', () => {
    const all = outputs(run, arrays);
    const card = JSON.parse(text(all.get('card')!)) as {
      files: { name: string; sha256: string }[];
      models: Record<string, { block: number }>;
      steering: Record<string, { alpha: number }>;
    };
    expect(card.files).toEqual(
      (['safetensors', 'map'] as const).map((id) => {
        const bytes = all.get(id)!.contents() as Uint8Array;
        return { name: all.get(id)!.name, bytes: bytes.length, sha256: sha256Hex(bytes) };
      }),
    );
    expect([card.models.source.block, card.models.target.block]).toEqual([
      run.map.layers.source,
      run.map.layers.target,
    ]);
    expect(card.steering.mapped.alpha).toBeCloseTo(run.evidence.verdict.chosenDose.alpha, 12);
  });

  test('a title can leave neither a script’s string nor its comment nor a page', () => {
    const title = `x"""\n'; import os #\r\u2028<script>alert(1)</script>$(rm -rf .)\\`;
    const nasty: Run = {
      ...run,
      experiment: { ...run.experiment, title },
      steer: { ...run.steer, concept: { title, positive: title, negative: title } },
      models: { ...run.models, target: { ...run.models.target, id: title, title } },
    };
    const all = outputs(nasty);
    const python = text(all.get('python')!);
    expect(python).toContain(`TITLE = ${JSON.stringify(title)}\n`);
    expect(python.replaceAll(JSON.stringify(title), '')).not.toMatch(/import os #|<script>/);
    const lines = text(all.get('llama')!).split('\n');
    const code = lines.filter((line) => !line.startsWith('#'));
    expect(code.join('\n')).not.toMatch(/rm -rf|import os|alert\(/);
    expect(code[0]).toBe('set -eu');
    expect(text(all.get('report-html')!)).not.toContain('<script>');
    expect(text(all.get('report-md')!)).not.toContain('\n<script>');
    for (const output of all.values()) expect(output.name).toMatch(/^[\w.-]+$/);
  });
});

describe('scripts', () => {
  test('the layer range is the steered block', () => {
    expect(llamaCommand(run, 'mapped', 'a b.gguf')).toContain(
      `--control-vector-scaled 'a b.gguf':1 --control-vector-layer-range 3 3`,
    );
    expect(llamaCommand(run, 'source', 'v.gguf')).toContain('--control-vector-layer-range 2 2');
    expect(shellWord("it's")).toBe(String.raw`'it'\''s'`);
  });

  test('prompts are put as the run put them', () => {
    const chat = (system: string): Run => ({
      ...run,
      experiment: { ...run.experiment, prompting: { template: 'chat', system } },
    });
    const scripts = (of: Run): string[] =>
      outputsOf(of, { vector: 'mapped', map: null, pairs: null })
        .filter(({ id }) => id === 'python' || id === 'llama')
        .map(text);
    const [llama, python] = scripts(chat('be \'kind\'\n"""'));
    expect(llama).toContain(`-cnv -st -sys 'be '\\''kind'\\''\n"""' -n 40`);
    expect(python).toContain('{"role": "system", "content": "be \'kind\'\\n\\"\\"\\""}, {"role": "user"');
    for (const script of scripts(chat(''))) expect(script).not.toMatch(/-sys|"system"|-no-cnv/);
    for (const script of scripts(run)) expect(script).not.toMatch(/-cnv -st|apply_chat_template/);
  });

  test('the Python script does the run’s operation, at its positions, with its projections', () => {
    const projections = { mean: 1.5, high: 2.5, low: -0.5 };
    const script = (transfer: Partial<Run['experiment']['transfer']>, known = true): string => {
      const of = structuredClone(run);
      Object.assign(of.experiment.transfer, transfer);
      if (known) of.steer.vector.projections = { source: projections, mapped: projections, native: projections };
      return text(outputsOf(of, { vector: 'mapped', map: null, pairs: null }).find(({ id }) => id === 'python')!);
    };
    const { r } = run.evidence.verdict.chosenDose;
    for (const operation of OPERATIONS) {
      const written = script({ operation });
      const entry = written.split('\n').find((line) => line.startsWith('    "mapped": {'))!;
      const expected = PYTHON_OPERATIONS[operation].numbers.map((name) => `"${name}": ${{ ...projections, r }[name]}`);
      for (const number of expected) expect(entry).toContain(number);
      if (operation !== 'add') expect(written).toContain(PYTHON_OPERATIONS[operation].body);
      expect(written).toContain(operation === 'add' ? 'at every\nposition, of the prompt' : 'start = 0\n');
    }
    expect(script({ scope: 'generated' })).toContain('start = h.shape[1] if prompt else 0\n');
    expect(script({ scope: 'tail', scopeTokens: 3 })).toContain('start = max(0, h.shape[1] - 3) if prompt else 0\n');
    expect(failure(() => script({ operation: 'clamp' }, false))).toMatchObject({ key: 'file-invalid.no-projections' });
    for (const id of ['gguf', 'svec', 'llama'] as const) {
      const of = structuredClone(run);
      of.experiment.transfer.operation = 'cap';
      const made = outputsOf(of, { vector: 'mapped', map: null, pairs: null }).find((output) => output.id === id)!;
      expect(failure(() => made.contents())).toMatchObject({ code: 'file-cannot-carry' });
    }
  });

  test('a model is named where PyTorch finds it, or what it needs is said', () => {
    const hub = (id: string) =>
      describePlace({
        id,
        dtype: 'fp32',
        location: { kind: 'hub', host: 'https://hub.example', commit: 'a'.repeat(40) },
      });
    expect(hub('owner/name')).toEqual({ id: 'owner/name', revision: 'a'.repeat(40), note: null });
    expect(hub('onnx-community/name').note).toContain('ONNX');
    expect(describePlace({ id: 'lrt-stories-l', dtype: 'fp32' })).toMatchObject({
      revision: null,
      note: expect.stringContaining('bundled'),
    });
  });

  test('names for files', () => {
    expect(slug('Größer → kleiner: ✓')).toBe('gro-er-kleiner');
    expect(slug('猫')).toBe('experiment');
  });
});

describe('the map', () => {
  test('any map comes back bit by bit', () => {
    const map = fc
      .tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 6 }))
      .chain(([s, t]) => fc.record({ W: floats(s * t), p: floats(t), muSource: floats(s), muTarget: floats(t) }));
    fc.assert(
      fc.property(map, (each) => {
        const back = readMap(writeMap(run, each));
        for (const key of ['W', 'p', 'muSource', 'muTarget'] as const) expect(bits(back[key])).toEqual(bits(each[key]));
        expect(back.metadata).toMatchObject({ source_block: '2', target_block: '3', kind: 'ridge' });
      }),
      { numRuns: 100 },
    );
  });

  test('another file, or shapes that do not fit, are named', () => {
    const vectors = outputsOf(run, { vector: 'mapped', map: null, pairs: null })
      .find(({ id }) => id === 'safetensors')!
      .contents() as Uint8Array;
    expect(saidBy(failure(() => readMap(vectors)))).toContain('“W”');
    expect(readSafetensors(writeMap(run, arrays)).tensors.W.shape).toEqual([2, 3]);
    expect(() => writeMap(run, { ...arrays, muTarget: Float32Array.of(1) })).toThrow(RangeError);
    console.log(`map: ${survivesDamage(writeMap(run, arrays), readMap, ['file-invalid'], 600)}`);
  });
});

describe('the sweep', () => {
  const number = fc.double({ noDefaultInfinity: true });
  const share = fc.record({ rate: number, interval: fc.tuple(number, number) });
  const cell: fc.Arbitrary<DoseCell> = fc.record<DoseCell>(
    {
      arm: fc.constantFrom(...DOSED_ARMS),
      half: fc.constantFrom('choose', 'report'),
      r: number,
      alpha: number,
      isoKl: fc.option(number),
      positive: share,
      negative: share,
      n: fc.nat(),
      read: fc.nat(),
      metrics: fc
        .subarray(METRICS.map(({ id }) => id))
        .chain((ids) => fc.record(Object.fromEntries(ids.map((id) => [id, number])))),
    },
    { requiredKeys: ['arm', 'half', 'r', 'alpha', 'isoKl', 'positive', 'negative', 'n', 'metrics'] },
  );
  test('any sweep comes back', () => {
    // A decimal has no −0.
    const zero = (cells: DoseCell[]): unknown =>
      JSON.parse(JSON.stringify(cells, (_, value: unknown) => (value === 0 ? 0 : Number.isNaN(value) ? 'NaN' : value)));
    fc.assert(
      fc.property(fc.array(cell, { maxLength: 5 }), (cells) => {
        expect(zero(readSweep(writeSweep(cells)))).toEqual(zero(cells));
      }),
      { numRuns: 200 },
    );
    expect(readSweep(writeSweep(run.evidence.doseResponse))).toEqual(run.evidence.doseResponse);
  });

  test('a wrong cell is named with its line', () => {
    const csv = writeSweep(run.evidence.doseResponse).split('\n');
    const last = csv[0].split(',').at(-1)!.trim();
    expect(failure(() => readSweep([...csv.slice(0, 2), csv[2].replace(/,[^,]+$/, ',much')].join('\n')))).toEqual(
      saying(new RegExp(`Line 3 .*${last}`), 'file-invalid'),
    );
    expect(saidBy(failure(() => readSweep('a,b\n1,2\n')))).toContain('“arm”');
  });
});

describe('reports', () => {
  test('any text stays text in a page', () => {
    const words = fc.string({
      unit: fc.constantFrom(
        '<',
        '>',
        '&',
        '"',
        "'",
        '`',
        '*',
        '|',
        'a',
        '\n',
        '</script>',
        '<img src=x onerror=alert(1)>',
      ),
    });
    fc.assert(
      fc.property(words, (each) => {
        const body = /<body>([\s\S]*)<\/body>/.exec(
          toHtml(each, [
            heading(1, each),
            paragraph(each, { bold: each }, { code: each }),
            list([each]),
            table([each], [[each]]),
            quote(each),
          ]),
        )![1];
        const tags = new Set(body.match(/<\/?[a-z0-9]+/g));
        expect([
          '<h1',
          '</h1',
          '<p',
          '</p',
          '<strong',
          '</strong',
          '<code',
          '</code',
          '<ul',
          '</ul',
          '<li',
          '</li',
          '<div',
          '</div',
          '<table',
          '</table',
          '<thead',
          '</thead',
          '<tbody',
          '</tbody',
          '<tr',
          '</tr',
          '<th',
          '</th',
          '<td',
          '</td',
          '<blockquote',
          '</blockquote',
        ]).toEqual(expect.arrayContaining([...tags]));
        expect(body.replaceAll(/<\/?[a-z0-9]+( class="scroll")?>/g, '')).not.toMatch(/[<>"']/);
      }),
      { numRuns: 200 },
    );
  });

  test('Markdown: markup in a text is escaped, and a line break ends no block', () => {
    expect(toMarkdown([heading(2, 'a\n# b'), table(['h'], [['x|y *z*']]), quote('one\n<b>')])).toBe(
      '## a # b\n\n| h |\n| --- |\n| x\\|y \\*z\\* |\n\n> one\n> \\<b>\n',
    );
  });
});
