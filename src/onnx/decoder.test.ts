import { describe, expect, it } from 'vitest';
import { LabError } from '../experiment/errors';
import { readDecoder } from './decoder';
import { editGraph } from './edit';
import { adds } from './interventions/sites';
import { inspectDecoder } from './info';
import { readModel, type OnnxModel } from './model';
import { findResidualStream } from './residual';
import { exported } from './testing';
import { concatenate } from '../base/bytes';
import { bytesField, integerField, textField } from './wire';
import { saidBy } from '../i18n/testing';

const names = (values: readonly { name: string }[]) => values.map((value) => value.name);
const CACHE = [0, 1, 2].flatMap((block) => [`past_key_values.${block}.key`, `past_key_values.${block}.value`]);
const PRESENT = CACHE.map((name) => name.replace('past_key_values', 'present'));

function refusal(bytes: Uint8Array): LabError {
  try {
    readDecoder(bytes);
  } catch (error) {
    if (error instanceof LabError) return error;
    throw error;
  }
  throw new Error('the graph was accepted');
}

/** A model of one node. */
function single(node: Uint8Array, inputs: string[], outputs: string[] = ['logits']): Uint8Array {
  const value = (field: number, name: string) =>
    bytesField(field, textField(1, name), bytesField(2, bytesField(1, integerField(1, 1))));
  return concatenate([
    integerField(1, 8),
    bytesField(7, node, ...inputs.map((name) => value(11, name)), ...outputs.map((name) => value(12, name))),
    bytesField(8, integerField(2, 18)),
  ]);
}

describe('graphs of another kind are refused by what they are', () => {
  const NODE = bytesField(1, textField(1, 'x'), textField(2, 'y'), textField(4, 'Identity'));
  it.each([
    ['embeddings', ['inputs_embeds', 'attention_mask', 'past_key_values.0.key'], ['logits']],
    ['state', ['input_ids', 'past_conv.0', 'past_key_values.2.key'], ['logits']],
    ['state', ['input_ids', 'past_ssm_states.0'], ['logits']],
    ['state', ['input_ids', 'past_key_values.0.conv_state'], ['logits']],
    ['cross', ['input_ids', 'encoder_hidden_states'], ['logits']],
    ['cross', ['input_ids', 'past_key_values.0.encoder.key'], ['logits']],
    ['hidden-output', ['input_ids', 'past_key_values.0.key'], ['last_hidden_state', 'present.0.key']],
  ])('%s: %j', (kind, inputs, outputs) => {
    expect(refusal(single(NODE, inputs, outputs)).key).toBe(`graph-unsupported.${kind}`);
  });
});

describe('readDecoder', () => {
  it('gives a graph with the usual names back as it is', () => {
    const model = readModel(exported('llama-plain-fp32'));
    const { prompt, step, merged } = readDecoder(model);
    expect(merged).toBe(false);
    expect(prompt).toBe(model);
    expect(step).toBe(model);
  });

  it.each(['llama', 'gpt2', 'mistral'])('takes the merged export of %s apart', (architecture) => {
    const bytes = exported(`${architecture}-merged-fp32`);
    const decoder = readDecoder(bytes);
    expect(decoder.merged).toBe(true);
    for (const [model, cache] of [
      [decoder.prompt, []],
      [decoder.step, CACHE],
    ] as const) {
      expect(model.nodes.some((node) => node.op === 'If')).toBe(false);
      expect(names(model.inputs).filter((name) => name.startsWith('past'))).toEqual(cache);
      expect(names(model.inputs)).not.toContain('use_cache_branch');
      expect(names(model.outputs)).toEqual(['logits', ...PRESENT]);
      // It is a view: no byte was written, and what is written is a graph of its own.
      expect(model.bytes).toBe(bytes);
      const written = readModel(editGraph(model, { taps: 'all', steer: adds(1) }).bytes);
      expect(written.nodes.some((node) => node.op === 'If')).toBe(false);
      const inside = new Set([
        '',
        ...names(written.inputs),
        ...written.initialisers.keys(),
        ...written.nodes.flatMap((node) => node.outputs),
      ]);
      for (const node of written.nodes)
        for (const input of node.inputs) expect(inside.has(input), `${node.op} reads ${input}`).toBe(true);
    }
    expect(inspectDecoder(decoder)).toMatchObject({ blocks: 3, width: 32, vocabSize: 40, headDim: 16 });
  });

  it.each(['llama', 'gpt2'])("renames torch's inputs and outputs of %s", (architecture) => {
    const bytes = exported(`${architecture}-torchnames-fp32`);
    const original = readModel(bytes);
    expect(names(original.inputs)).toContain('past_key_values_0_0');
    expect(names(original.outputs)).not.toContain('logits');
    const { prompt } = readDecoder(bytes);
    expect(names(prompt.inputs).filter((name) => name.startsWith('past'))).toEqual(CACHE);
    expect(names(prompt.outputs)).toEqual(['logits', ...PRESENT]);
    // The names are written too, wherever they are used.
    const written: OnnxModel = readModel(editGraph(prompt).bytes);
    expect(names(written.inputs)).toEqual(names(prompt.inputs));
    expect(names(written.outputs)).toEqual(names(prompt.outputs));
    expect(findResidualStream(written).blocks).toBe(3);
  });

  it('refuses an If without a branch that reads the cache, and names that mean two things', () => {
    const branch = bytesField(
      1,
      textField(1, 'w'),
      textField(1, 'input_ids'),
      textField(2, 'h'),
      textField(4, 'Gather'),
    );
    const conditional = bytesField(
      1,
      textField(1, 'use_cache_branch'),
      textField(2, 'logits'),
      textField(4, 'If'),
      bytesField(5, textField(1, 'then_branch'), bytesField(6, branch)),
    );
    const error = refusal(single(conditional, ['input_ids', 'use_cache_branch', 'past_key_values.0.key']));
    expect(error.code).toBe('graph-unsupported');
    expect(saidBy(error)).toContain('0 of its branches read the cache');
    const twice = bytesField(
      1,
      textField(1, 'past_0_key'),
      textField(1, 'past_key_values.0.key'),
      textField(2, 'logits'),
      textField(4, 'Concat'),
    );
    expect(saidBy(refusal(single(twice, ['input_ids', 'past_0_key', 'past_key_values.0.key'])))).toContain(
      'has two meanings',
    );
  });
});
