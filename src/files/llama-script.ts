/** The llama.cpp command that steers with a run's control vector, as a shell script. */
import { requireAddition, steeringOf, type ExportedRun, type VectorName } from './steering';

/** A text as one word of a POSIX shell. */
export const shellWord = (text: string): string =>
  /^[\w./:@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;

/** Plain continuation, or one turn of a conversation in the model's own chat template, as the run put its prompts. */
function modeOf({ experiment: { prompting } }: ExportedRun): string {
  if (prompting.template === 'plain') return '-no-cnv';
  return prompting.system === '' ? '-cnv -st' : `-cnv -st -sys ${shellWord(prompting.system)}`;
}

/** The command alone, on one line; for the screen. */
export function llamaCommand(run: ExportedRun, vector: VectorName, ggufFile: string): string {
  const { block } = steeringOf(run, vector);
  requireAddition(run);
  return `llama-completion -m MODEL.gguf --control-vector-scaled ${shellWord(ggufFile)}:1 --control-vector-layer-range ${block} ${block} ${modeOf(run)} -p "Once upon a time"`;
}

/**
 * Writes the script.
 * @param ggufFile name of the control vector's file, beside the script
 * @throws LabError `file-cannot-carry` (see `steeringOf`, `requireAddition`)
 */
export function writeLlamaScript(run: ExportedRun, vector: VectorName, ggufFile: string): string {
  const { block, model, r } = steeringOf(run, vector);
  requireAddition(run);
  const { positive, negative } = run.steer.concept;
  return `#!/bin/sh
# Steers ${comment(model.id)} under llama.cpp with the ${vector} vector of an LRT Lab run.
#
#   sh steer-llama.sh MODEL.gguf "Once upon a time"        factor 1, toward ${comment(positive)}
#   FACTOR=-1 sh steer-llama.sh MODEL.gguf "Once upon …"   toward ${comment(negative)}
#   LLAMA=path/to/llama-completion sh steer-llama.sh …     where llama.cpp's program is
#
# MODEL.gguf is this very model, made by llama.cpp's convert_hf_to_gguf.py. Factor 1 is the dose that the run
# chose, r = ${r}. The file holds one direction, direction.${block}: it is added to the output of block ${block}, counted from 0,
# at every position, so the layer range is ${block} to ${block}, both inclusive.
# Experiment ${run.experimentDigest}
set -eu
MODEL=\${1:?the model as a .gguf file}
PROMPT=\${2:?a prompt}
exec "\${LLAMA:-llama-completion}" -m "$MODEL" \\
  --control-vector-scaled "$(dirname "$0")"/${shellWord(ggufFile)}:"\${FACTOR:-1}" \\
  --control-vector-layer-range ${block} ${block} \\
  ${modeOf(run)} -n 40 --temp 0 -p "$PROMPT"
`;
}

/** A text inside a comment line: without a line break it cannot leave it. */
const comment = (text: string): string => text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ');
