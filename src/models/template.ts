/**
 * Renders chat templates by the engine of transformers.js, completed by what real templates use and it lacks: methods of
 * Python's strings and lists, and dates. What neither does is named with the line of the template.
 */
import { Environment, Interpreter, parse, Template, tokenize } from '@huggingface/jinja';
import { LabError } from '../experiment/errors';
import { strftime } from './strftime';
import { callMethod, METHODS } from './template-methods';

interface Node {
  type: string;
  [field: string]: unknown;
}

/** Some templates write the date into the system message. A run must not depend on its day: for them it is always the day that Llama 3.2 falls back to. */
const TODAY = new Date(Date.UTC(2024, 6, 26, 12));
const CALL = 'lab_method';

const isNode = (value: unknown): value is Node => value !== null && typeof value === 'object' && 'type' in value;

/** A call of the lab's function, as the parser makes it. */
function callNode(name: string, args: unknown[]): Node {
  const program = parse(tokenize(`{{ ${CALL}(${JSON.stringify(name)}) }}`)) as unknown as { body: Node[] };
  const [call] = program.body;
  return Object.assign(call, { args: [...(call.args as unknown[]), ...args] });
}

/** Bodies of loops, by the arrays of their statements. */
const loopBodies = new WeakSet<object>();

/** The same tree with the calls of methods made calls of the lab's function. */
function completed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(completed);
  if (value instanceof Map) return new Map([...value].map(([key, each]) => [completed(key), completed(each)]));
  if (!isNode(value)) return value;
  for (const [field, each] of Object.entries(value)) if (typeof each === 'object') value[field] = completed(each);
  if (value.type === 'CallExpression' && isNode(value.callee)) {
    const { type, computed, property, object } = value.callee;
    const name = isNode(property) && property.type === 'Identifier' ? String(property.value) : '';
    if (type === 'MemberExpression' && computed === false && METHODS.has(name))
      return callNode(name, [object, ...(value.args as unknown[])]);
  }
  if (value.type === 'For') loopBodies.add(value.body as object);
  if (value.type === 'FilterExpression' && isNode(value.filter) && value.filter.type === 'Identifier') {
    const name = String(value.filter.value);
    if (name === 'capitalize' || name === 'title') return callNode(`filter ${name}`, [value.operand]);
  }
  return value;
}

interface Value {
  type: string;
  value: unknown;
  toString(): string;
}

interface Inside {
  evaluate(statement: Node, environment: object): Value;
  evaluateBlock(statements: readonly Node[], environment: object): Value;
}

/** Statements, which write nothing of their own; the rest of a block are expressions, which do. */
const SILENT = new Set([
  'Set',
  'Macro',
  'Comment',
  'If',
  'For',
  'CallStatement',
  'FilterStatement',
  'Break',
  'Continue',
]);

/** How the engine leaves a loop: by errors of classes that it keeps to itself. */
function controls(): { Break: unknown; Continue: unknown } {
  const thrown = (type: string): unknown => {
    try {
      (new Interpreter(new Environment()) as unknown as Inside).evaluate({ type }, new Environment());
    } catch (error) {
      return (error as Error).constructor;
    }
    return null;
  };
  return { Break: thrown('Break'), Continue: thrown('Continue') };
}

/**
 * The engine, but that what a loop has written in a turn stays when the turn ends early, and True, False and None are
 * written as Python writes them.
 */
function interpreterOf(environment: Environment): Interpreter {
  const interpreter = new Interpreter(environment);
  const inside = interpreter as unknown as Inside;
  const { Break, Continue } = controls();
  const partial = new WeakMap<Error, string>();
  const left = new WeakSet<object>();
  const text = environment.set('lab_empty', '') as unknown as { constructor: new (value: string) => Value };
  const stringOf = (value: string): Value => new text.constructor(value);
  const written = (statement: Node, value: Value): string => {
    if (value.type === 'BooleanValue') return value.value === true ? 'True' : 'False';
    if (value.type === 'NullValue') return SILENT.has(statement.type) ? '' : 'None';
    return value.type === 'UndefinedValue' ? '' : value.toString();
  };
  inside.evaluateBlock = (statements, scope) => {
    const turn = loopBodies.has(statements);
    // The loop was left: the engine only does not know it.
    if (turn && left.has(scope)) return stringOf('');
    let result = '';
    try {
      for (const statement of statements) result += written(statement, inside.evaluate(statement, scope));
    } catch (error) {
      const kind = (error as Error).constructor;
      if (kind !== Break && kind !== Continue) throw error;
      result += partial.get(error as Error) ?? '';
      if (!turn) {
        partial.set(error as Error, result);
        throw error;
      }
      if (kind === Break) left.add(scope);
    }
    return stringOf(result);
  };
  return interpreter;
}

/** What a template's `raise_exception` says. */
class Refusal extends Error {}

const compiled = new Map<string, unknown>();
/** A run has two templates; a session some more. */
const MOST_COMPILED = 16;

function compile(template: string): unknown {
  let program = compiled.get(template);
  if (program === undefined) {
    program = completed(new Template(template).parsed);
    if (compiled.size >= MOST_COMPILED) compiled.clear();
    compiled.set(template, program);
  }
  return program;
}

function range(start: number, stop?: number, step = 1): number[] {
  const [from, to] = stop === undefined ? [0, start] : [start, stop];
  if (step === 0) throw new Error('range() step must not be zero');
  return Array.from({ length: Math.max(0, Math.ceil((to - from) / step)) }, (_, i) => from + i * step);
}

/**
 * @param variables beside the messages
 * @throws LabError `chat-template.refused` with the template's own words, `chat-template.unsupported` with what it uses that
 *   is not supported, and its line
 */
export function renderTemplate(
  template: string,
  messages: readonly unknown[],
  variables: Readonly<Record<string, unknown>>,
): string {
  try {
    const environment = new Environment();
    const globals: Record<string, unknown> = {
      true: true,
      false: false,
      none: null,
      True: true,
      False: false,
      None: null,
      range,
      raise_exception: (reason: unknown) => {
        throw new Refusal(String(reason));
      },
      strftime_now: (format: string) => strftime(TODAY, format),
      [CALL]: callMethod,
      tools: null,
      documents: null,
      messages: [...messages],
      ...variables,
    };
    for (const [name, value] of Object.entries(globals)) environment.set(name, value);
    const result = interpreterOf(environment).run(compile(template) as never) as unknown as { value: string };
    return result.value;
  } catch (error) {
    const reason = (error as Error).message;
    if (error instanceof Refusal) throw new LabError('chat-template.refused', { reason }, error);
    const line = lineOf(template, reason);
    throw new LabError('chat-template.unsupported', { reason, line, known: String(line > 0) }, error);
  }
}

/** Line of the first place that an error of the engine is about, as far as its words tell; 0 where they do not. */
function lineOf(template: string, reason: string): number {
  const [, filter] = /(?:Unknown \w+ filter: |Cannot apply filter ")(\w+)/.exec(reason) ?? [];
  const [, statement] = /Unknown statement(?: type)?(?:: |, got )(\w+)/.exec(reason) ?? [];
  const [, test] = /Unknown test: (\w+)/.exec(reason) ?? [];
  const [, method] = /Unknown method: (\w+)|^(\w+)\(\)/.exec(reason) ?? [];
  const [, variable] = /Unknown variable: (\w+)/.exec(reason) ?? [];
  const [, directive] = /strftime has no (%.)/.exec(reason) ?? [];
  const places: (RegExp | null)[] = [
    filter ? new RegExp(`\\|\\s*${filter}\\b`) : null,
    statement ? new RegExp(`\\{%[-+]?\\s*${statement}\\b`) : null,
    test ? new RegExp(`\\bis\\s+(?:not\\s+)?${test}\\b`) : null,
    method ? new RegExp(`\\.\\s*${method}\\s*\\(`) : null,
    variable ? new RegExp(`\\b${variable}\\b`) : null,
    directive ? new RegExp(directive.replace(/[^\w%]/, '\\$&')) : null,
  ];
  const at = places.map((place) => (place ? template.search(place) : -1)).find((index) => index >= 0);
  return at === undefined ? brokenLine(template, reason) : template.slice(0, at).split('\n').length;
}

/** Of a template that is none: the first line up to which it cannot be read, where more of it would not help. */
function brokenLine(template: string, reason: string): number {
  const failure = (text: string): string | null => {
    try {
      new Template(text);
      return null;
    } catch (error) {
      return (error as Error).message;
    }
  };
  if (failure(template) !== reason) return 0;
  const lines = template.split('\n');
  const first = lines.findIndex((_, i) => failure(lines.slice(0, i + 1).join('\n')) === reason);
  return first + 1;
}
