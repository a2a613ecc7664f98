import { describe, expect, it } from 'vitest';
import { LabError } from '../experiment/errors';
import { message } from '../experiment/message';
import { readModel } from './model';
import { drawSpine, findResidualStream } from './residual';
import { EXPORTED, exported } from './testing';
import { concatenate } from '../base/bytes';
import { bytesField, integerField, textField } from './wire';
import { saidBy } from '../i18n/testing';

/** A graph of the given nodes over float inputs, for shapes that no exporter at hand makes. */
function graphOf(
  nodes: [op: string, inputs: string[], outputs: string[]][],
  inputs: string[],
  weights: Uint8Array[] = [],
): Uint8Array {
  const value = (field: number, name: string) =>
    bytesField(field, textField(1, name), bytesField(2, bytesField(1, integerField(1, 1))));
  return concatenate([
    integerField(1, 8),
    bytesField(
      7,
      ...nodes.map(([op, ins, outs]) =>
        bytesField(
          1,
          ...ins.map((name) => textField(1, name)),
          ...outs.map((name) => textField(2, name)),
          textField(4, op),
        ),
      ),
      ...weights,
      ...inputs.map((name) => value(11, name)),
      value(12, 'logits'),
    ),
    bytesField(8, integerField(2, 18)),
  ]);
}

function refusal(bytes: Uint8Array): LabError {
  try {
    findResidualStream(readModel(bytes));
  } catch (error) {
    if (error instanceof LabError) return error;
    throw error;
  }
  throw new Error('the graph was accepted');
}

/** Additions per block, and what is particular about each graph. */
const EXPECTED: Record<(typeof EXPORTED)[number], { perBlock: number; positions: number; type: string }> = {
  'gpt2-plain-fp32': { perBlock: 2, positions: 1, type: 'float32' },
  'neox-plain-fp32': { perBlock: 1, positions: 0, type: 'float32' },
  'bloom-plain-fp32': { perBlock: 2, positions: 0, type: 'float32' },
  'gemma3-plain-fp32': { perBlock: 2, positions: 0, type: 'float32' },
  'qwen3-plain-fp32': { perBlock: 2, positions: 0, type: 'float32' },
  'llama-plain-q8': { perBlock: 2, positions: 0, type: 'float32' },
  'opt-plain-fp32': { perBlock: 2, positions: 1, type: 'float32' },
  // A float16 build whose stream is float32.
  'gemma2-fused-fp16': { perBlock: 2, positions: 0, type: 'float32' },
  'llama-fused-fp16': { perBlock: 2, positions: 0, type: 'float16' },
  'granite-fused-fp32': { perBlock: 2, positions: 0, type: 'float32' },
  'qwen2-fused-q4': { perBlock: 2, positions: 0, type: 'float32' },
  'llama-dynamo-fp32': { perBlock: 2, positions: 0, type: 'float32' },
};

describe('findResidualStream', () => {
  it.each(EXPORTED)('finds it in %s', (name) => {
    const stream = findResidualStream(readModel(exported(name)));
    const { perBlock, positions, type } = EXPECTED[name];
    expect(stream).toMatchObject({
      blocks: 3,
      width: name.startsWith('gemma') ? 64 : 32,
      elementType: type,
      style: name.includes('fused') ? 'fused' : 'plain',
    });
    expect(stream.post.map((post) => post.block)).toEqual([0, 1, 2]);
    expect(stream.steps.filter((step) => step.block < 0).length).toBe(positions);
    for (const block of [0, 1, 2]) {
      const own = stream.steps.filter((step) => step.block === block);
      expect(own.length).toBe(perBlock);
      // Attention comes first and reads the cache; a feed-forward layer of its own does not.
      expect(own.map((step) => step.readsCache)).toEqual(perBlock === 2 ? [true, false] : [true]);
      expect(stream.post[block].node).toBe(own[perBlock - 1].node);
    }
    const last = stream.post[2];
    expect(last.tensor === null).toBe(stream.style === 'fused');
  });

  it('does not depend on node or tensor names', () => {
    // Every name but the graph's inputs and outputs becomes a number of the same length.
    const bytes = exported('qwen3-plain-fp32');
    const model = readModel(bytes);
    const text = new TextDecoder('latin1').decode(bytes);
    const names = new Set(model.nodes.flatMap((node) => node.outputs).filter((name) => name.startsWith('/')));
    const scrambled = bytes.slice();
    let serial = 0;
    const alias = new Map([...names].map((name) => [name, String(serial++).padStart(name.length, '#')]));
    for (const node of model.nodes) {
      const { start, end } = node.span;
      for (const name of [...node.inputs, ...node.outputs]) {
        const other = alias.get(name);
        if (!other) continue;
        for (let at = text.indexOf(name, start); at >= 0 && at < end; at = text.indexOf(name, at + 1)) {
          // The byte before a name is its length: only whole names are replaced.
          if (bytes[at - 1] === name.length) scrambled.set(new TextEncoder().encode(other), at);
        }
      }
    }
    const stream = findResidualStream(readModel(scrambled));
    expect(stream).toMatchObject({ blocks: 3, width: 32 });
    expect(stream.post[0].tensor).toMatch(/^#+\d+$/);
  });

  it('steers a stream that is flattened inside the block where it has its three dimensions back', () => {
    const { post } = findResidualStream(readModel(exported('opt-plain-fp32')));
    expect(post.map(({ at }) => at)).toEqual(['stream', 'stream', 'stream']);
  });

  it('refuses a flattened stream that something reads before it is unflattened', () => {
    const nodes: [string, string[], string[]][] = [
      ['Gather', ['w', 'input_ids'], ['h']],
      ['Attention', ['h', 'past_key_values.0.key'], ['a']],
      ['Add', ['h', 'a'], ['h1']],
      ['Flatten', ['h1'], ['flat']],
      ['MatMul', ['flat', 'v'], ['f']],
      ['Add', ['flat', 'f'], ['h2']],
      ['Shape', ['h1'], ['shape']],
      ['Reshape', ['h2', 'shape'], ['h3']],
    ];
    const inputs = ['input_ids', 'past_key_values.0.key'];
    const unclear = refusal(graphOf([...nodes, ['MatMul', ['h3', 'g'], ['logits']]], inputs));
    expect(saidBy(unclear)).toContain('whose width no weight or declaration tells');
    const weight = bytesField(
      5,
      integerField(1, 8),
      integerField(1, 8),
      integerField(2, 1),
      textField(8, 'v'),
      bytesField(9, new Uint8Array(256)),
    );
    const fixed = bytesField(
      5,
      integerField(1, 3),
      integerField(2, 7),
      textField(8, 'three'),
      bytesField(9, new Uint8Array(24)),
    );
    const threeAgain = nodes.map((node): [string, string[], string[]] =>
      node[0] === 'Reshape' ? ['Reshape', ['h2', 'three'], ['h3']] : node,
    );
    expect(
      findResidualStream(
        readModel(graphOf([...threeAgain, ['MatMul', ['h3', 'g'], ['logits']]], inputs, [weight, fixed])),
      ).post[0],
    ).toMatchObject({ at: 'stream', tensor: 'h3' });
    const early = refusal(graphOf([...threeAgain, ['Mul', ['h3', 'h2'], ['logits']]], inputs, [weight, fixed]));
    expect(saidBy(early)).toContain('block 0 closes on a reshaped stream whose axes cannot be told');
  });

  it('refuses a chain that the logits do not depend on', () => {
    const weight = bytesField(
      5,
      integerField(1, 8),
      integerField(1, 8),
      integerField(2, 1),
      textField(8, 'v'),
      bytesField(9, new Uint8Array(256)),
    );
    const loose = refusal(
      graphOf(
        [
          ['Gather', ['v', 'input_ids'], ['h']],
          ['Attention', ['h', 'past_key_values.0.key'], ['a']],
          ['Add', ['h', 'a'], ['h1']],
          ['MatMul', ['h', 'v'], ['logits']],
        ],
        ['input_ids', 'past_key_values.0.key'],
        [weight],
      ),
    );
    expect(saidBy(loose)).toContain('a chain that the logits do not depend on');
  });

  it('says what it looked for and what it found, and draws it', () => {
    // The last block multiplies where it should add.
    const error = refusal(
      graphOf(
        [
          ['Gather', ['w', 'input_ids'], ['h']],
          ['Add', ['h', 'p'], ['x']],
          ['Attention', ['x', 'past_key_values.0.key'], ['a']],
          ['Add', ['x', 'a'], ['h1']],
          ['Attention', ['h1', 'past_key_values.1.key'], ['b']],
          ['Mul', ['h1', 'b'], ['logits']],
        ],
        ['input_ids', 'past_key_values.0.key', 'past_key_values.1.key'],
      ),
    );
    expect(error.code).toBe('graph-unsupported');
    expect(saidBy(error)).toContain('one chain of additions from the embedding through all 2 blocks');
    expect(saidBy(error)).toContain('1 block on the chain (0)');
    expect(error.params).toMatchObject({ blocksWithCache: 2, blocksOnSpine: 1 });
    expect(error.params.spine).toBe(
      [
        'input_ids ─ Gather',
        ' ┼─ positions  (Add)',
        ' ┼─ block 0 attention + feed-forward  (Add)  → resid_post[0]',
        ' ╵',
      ].join('\n'),
    );
  });

  it('refuses graphs without a cache, without an embedding, and with two carriers', () => {
    expect(
      refusal(
        graphOf(
          [
            ['Gather', ['w', 'input_ids'], ['h']],
            ['MatMul', ['h', 'v'], ['logits']],
          ],
          ['input_ids'],
        ),
      ).params.found,
    ).toEqual(message('spine.no-cache'));
    const blind = refusal(
      graphOf([['Conv', ['pixels', 'past_key_values.0.key'], ['logits']]], ['pixels', 'past_key_values.0.key']),
    );
    expect(saidBy(blind)).toContain('no Gather reads input_ids');
    expect(blind.params.spine).toContain('╳');
    const forked = refusal(
      graphOf(
        [
          ['Gather', ['w', 'input_ids'], ['h']],
          ['Attention', ['h', 'past_key_values.0.key'], ['a']],
          ['Add', ['h', 'a'], ['h1']],
          ['Add', ['a', 'h'], ['h2']],
          ['Mul', ['h1', 'h2'], ['logits']],
        ],
        ['input_ids', 'past_key_values.0.key'],
      ),
    );
    expect(saidBy(forked)).toContain('2 additions read the stream at once');
  });

  it('refuses blocks that have no cache of their own', () => {
    const error = refusal(
      graphOf(
        [
          ['Gather', ['w', 'input_ids'], ['h']],
          ['Attention', ['h', 'past_key_values.0.key'], ['a']],
          ['Add', ['h', 'a'], ['h1']],
          ['Conv', ['h1'], ['c']],
          ['Add', ['h1', 'c'], ['h2']],
          ['Attention', ['h2', 'past_key_values.1.key'], ['b']],
          ['Add', ['h2', 'b'], ['h3']],
          ['MatMul', ['h3', 'v'], ['logits']],
        ],
        ['input_ids', 'past_key_values.0.key', 'past_key_values.1.key'],
      ),
    );
    expect(saidBy(error)).toContain('different numbers of additions (2, 1)');
  });

  it('does not take a mask sized by block 0 for block 0', () => {
    const stream = findResidualStream(readModel(exported('gemma3-plain-fp32')));
    expect(stream.steps.map((step) => step.block)).toEqual([0, 0, 1, 1, 2, 2]);
  });

  it('starts at inputs_embeds where there are no token ids', () => {
    const branch = (block: number, from: string, to: string): [string, string[], string[]][] => [
      ['Attention', [from, `past_key_values.${block}.key`], [`a${block}`]],
      ['LayerNormalization', [`a${block}`, 'g'], [`n${block}`]],
      ['Add', [`n${block}`, from], [to]],
    ];
    const bytes = graphOf(
      [
        ['Constant', [], ['g']],
        ...branch(0, 'inputs_embeds', 'h1'),
        ...branch(1, 'h1', 'h2'),
        ['MatMul', ['h2', 'v'], ['logits']],
      ],
      ['inputs_embeds', 'past_key_values.0.key', 'past_key_values.1.key'],
    );
    expect(drawSpine(readModel(bytes)).split('\n')[0]).toBe('inputs_embeds');
    expect(drawSpine(readModel(bytes))).toContain('block 1 attention + feed-forward');
  });
});

describe('drawSpine', () => {
  it('draws a fused model', () => {
    expect(drawSpine(readModel(exported('granite-fused-fp32'))).split('\n')).toEqual([
      'input_ids ─ Gather',
      ' ┼─ block 0 attention  (SkipSimplifiedLayerNormalization)',
      ' ┼─ block 0 feed-forward  (SkipSimplifiedLayerNormalization)  → resid_post[0]',
      ' ┼─ block 1 attention  (SkipSimplifiedLayerNormalization)',
      ' ┼─ block 1 feed-forward  (SkipSimplifiedLayerNormalization)  → resid_post[1]',
      ' ┼─ block 2 attention  (SkipSimplifiedLayerNormalization)',
      ' ┼─ block 2 feed-forward  (SkipSimplifiedLayerNormalization)  → resid_post[2]',
      ' ╵',
    ]);
  });

  it('draws a deep model in few lines', () => {
    const nodes: [string, string[], string[]][] = [['Gather', ['w', 'input_ids'], ['h0']]];
    const caches = Array.from({ length: 30 }, (_, block) => `past_key_values.${block}.key`);
    caches.forEach((cache, block) =>
      nodes.push(
        ['Attention', [`h${block}`, cache], [`a${block}`]],
        ['Add', [`h${block}`, `a${block}`], [`h${block + 1}`]],
      ),
    );
    const drawing = drawSpine(readModel(graphOf(nodes, ['input_ids', ...caches])));
    expect(drawing.split('\n').length).toBe(9);
    expect(drawing).toContain('blocks 3–26, alike');
  });
});
