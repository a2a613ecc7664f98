/** A Python script that steers with a run's vectors under Hugging Face transformers: the run's numbers filled in. */
import { LabError } from '../experiment/errors';
import { describeOperation, PYTHON_OPERATIONS, pythonStart } from './operations';
import { describePlace, type Place } from './places';
import { short, steeringOf, VECTOR_NAMES, type ExportedRun } from './steering';

/** A value as a Python literal. JSON's strings and numbers are Python's; a title cannot leave its quotation marks. */
const literal = (value: string | number | null): string => (value === null ? 'None' : JSON.stringify(value));

function modelLines({ id, revision, note }: Place): string {
  return `{"id": ${literal(id)}, "revision": ${literal(revision)}}${note === null ? '' : `  # ${note}`}`;
}

const PLAIN_INPUTS = `    """Greedy continuation of a prompt."""
    inputs = tokenizer(prompt, return_tensors="pt", return_token_type_ids=False)`;

/** The prompt as the run put it: the user's message in the model's chat template. */
const chatInputs = (
  system: string,
): string => `    """Greedy answer to a prompt, put in the model's chat template as the run did."""
    messages = [${system === '' ? '' : `{"role": "system", "content": ${literal(system)}}, `}{"role": "user", "content": prompt}]
    text = tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
    inputs = tokenizer(text, add_special_tokens=False, return_tensors="pt", return_token_type_ids=False)`;

/** What is added, and the hook that adds it: the form of every run that adds at all positions. */
const ADDITION = {
  does: `The vector is added to the output of one block, at every
position, of the prompt and of what is generated.`,
  alpha: 'norm of what factor 1 adds.',
  functions: `def vector(name, factor=1.0):
    """What is added at a factor: alpha times the unit direction, in float32 as the lab adds it."""
    direction = load_file(VECTORS)[name]
    return (direction.double() * STEERINGS[name]["alpha"]).float() * factor
`,
  hook: `def steer(model, block, added):
    """Adds a vector to a block's output, at every position, until the returned handle is removed."""

    def add(module, inputs, output):
        if isinstance(output, tuple):
            return (output[0] + added.to(output[0]), *output[1:])
        return output + added.to(output)

    return blocks(model)[block].register_forward_hook(add)
`,
  call: 'vector',
};

/** The same for any operation at any positions. */
function changeOf(transfer: ExportedRun['experiment']['transfer']): typeof ADDITION {
  const { operation, scope } = transfer;
  const { numbers, body } = PYTHON_OPERATIONS[operation];
  return {
    does: `What is done to the stream, after one block:
${describeOperation(transfer)}.`,
    alpha: `the dose as a length of the stream.${numbers.some((name) => name !== 'r') ? '\n# mean, high, low: of the projections of the unsteered corpus on v, and the percentile of them and of those on -v.' : ''}`,
    functions: `${body.includes('along(') ? ALONG : ''}def change(name, factor=1.0):
    """The function that changes the stream at a factor: ${operation}."""
    entry, v = STEERINGS[name], load_file(VECTORS)[name]
    if factor == 0:
        return lambda h: h
${body}
`,
    hook: `def steer(model, block, changed):
    """Changes a block's output until the returned handle is removed.${scope === 'all' ? '' : ' The first pass reads the prompt: one handle for one text.'}"""
    prompt = True

    def hook(module, inputs, output):
        nonlocal prompt
        h = output[0] if isinstance(output, tuple) else output
        start = ${pythonStart(transfer)}
        prompt = False
        h = torch.cat([h[:, :start], changed(h[:, start:])], dim=1)
        return (h, *output[1:]) if isinstance(output, tuple) else h

    return blocks(model)[block].register_forward_hook(hook)
`,
    call: 'change',
  };
}

const ALONG = `def along(h, v):
    """Projection of every state on v."""
    return (h * v.to(h)).sum(-1, keepdim=True)


`;

/**
 * Writes the script. It needs the vectors' safetensors file beside it, and nothing of the lab.
 * @param vectorsFile name of that file @param mapFile name of the map's file, which is optional
 * @throws LabError `file-cannot-carry` (see `steeringOf`)
 */
export function writePythonScript(run: ExportedRun, vectorsFile: string, mapFile: string): string {
  const steerings = VECTOR_NAMES.map((name) => steeringOf(run, name));
  const [{ ref: target }, , { ref: source }] = steerings;
  const { transfer, prompting } = run.experiment;
  const { addBias } = transfer;
  const { numbers } = PYTHON_OPERATIONS[transfer.operation];
  const plain = transfer.operation === 'add' && transfer.scope === 'all';
  const { does, alpha: meaning, functions, hook, call } = plain ? ADDITION : changeOf(transfer);
  const entries = steerings.map(({ vector, role, block, alpha, r, medianNorm }) => {
    const known: Record<string, number> = { ...run.steer.vector.projections?.[vector], r };
    const more = numbers.map((name) => {
      if (known[name] === undefined) throw new LabError('file-invalid.no-projections');
      return `, "${name}": ${known[name]}`;
    });
    return `    ${literal(vector)}: {"model": ${role === 'source' ? 'SOURCE' : 'TARGET'}, "block": ${block}, "alpha": ${alpha}${more.join('')}},  # r = ${short(r)} of the median norm ${short(medianNorm)}`;
  });
  return `"""Steer a language model with the vectors of an LRT Lab run.

    pip install torch transformers safetensors
    python steer.py "Once upon a time"                the large model, carried-across vector
    python steer.py --vector native "Once upon …"     the large model's own vector
    python steer.py --factor -1 "Once upon …"         the other way
    python steer.py --model FOLDER "Once upon …"      weights from a folder

Factor 1 is the dose that the run chose. ${does}
"""
import argparse
from pathlib import Path

import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer

TITLE = ${literal(run.experiment.title)}
EXPERIMENT = ${literal(run.experimentDigest)}
POSITIVE, NEGATIVE = ${literal(run.steer.concept.positive)}, ${literal(run.steer.concept.negative)}
SOURCE = ${modelLines(describePlace(source))}
TARGET = ${modelLines(describePlace(target))}
VECTORS = Path(__file__).with_name(${literal(vectorsFile)})
MAP = Path(__file__).with_name(${literal(mapFile)})

# block: counted from 0, hidden_states[block + 1] of transformers. alpha: ${meaning}
STEERINGS = {
${entries.join('\n')}
}


def blocks(model):
    """The transformer blocks of a causal language model, whatever its architecture calls them."""
    for path in ("model.layers", "transformer.h", "gpt_neox.layers", "model.decoder.layers", "model.language_model.layers"):
        module = model
        for name in path.split("."):
            module = getattr(module, name, None)
        if module is not None:
            return module
    raise SystemExit(f"Where {type(model).__name__} keeps its blocks is not known here: name them in blocks().")


${functions}

def carried():
    """The mapped direction made again from the source's by the map's file: W alone${addBias ? ', then the bias p' : ', since a difference loses the bias'}."""
    arrays, source = load_file(MAP), load_file(VECTORS)["source"]
    mapped = ${addBias ? `${run.steer.vector.norms.source} * source.double() @ arrays["W"].double() + arrays["p"].double()` : 'source.double() @ arrays["W"].double()'}
    return (mapped / mapped.norm()).float()


${hook}

def load(place, folder=None):
    """Model and tokenizer, from the hub at the run's revision or from a folder."""
    where, revision = (folder, None) if folder else (place["id"], place["revision"])
    model = AutoModelForCausalLM.from_pretrained(where, revision=revision)
    return model.float().eval(), AutoTokenizer.from_pretrained(where, revision=revision)


def generate(model, tokenizer, prompt, tokens):
${prompting.template === 'chat' ? chatInputs(prompting.system) : PLAIN_INPUTS}
    with torch.no_grad():
        ids = model.generate(**inputs, max_new_tokens=tokens, do_sample=False)
    return tokenizer.decode(ids[0, inputs["input_ids"].shape[1]:], skip_special_tokens=True)


def main():
    parser = argparse.ArgumentParser(description=TITLE)
    parser.add_argument("prompt")
    parser.add_argument("--vector", choices=STEERINGS, default="mapped")
    parser.add_argument("--factor", type=float, default=1.0)
    parser.add_argument("--model", help="folder or hub id to load in place of the run's")
    parser.add_argument("--tokens", type=int, default=40)
    arguments = parser.parse_args()
    steering = STEERINGS[arguments.vector]
    model, tokenizer = load(steering["model"], arguments.model)
    print("unsteered:", generate(model, tokenizer, arguments.prompt, arguments.tokens))
    handle = steer(model, steering["block"], ${call}(arguments.vector, arguments.factor))
    towards = POSITIVE if arguments.factor > 0 else NEGATIVE
    print(f"steered, factor {arguments.factor:g} (toward {towards}):", generate(model, tokenizer, arguments.prompt, arguments.tokens))
    handle.remove()


if __name__ == "__main__":
    main()
`;
}
