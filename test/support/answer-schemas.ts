import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';

const folder = join(import.meta.dirname, '../../schema/commands');
const ajv = new Ajv({ allErrors: true, strict: false, logger: false });
const compiled = new Map<string, ValidateFunction>();

/** The names of the committed schemas: `local-fault-add.schema.json`. */
export const answerSchemaFiles = readdirSync(folder).toSorted();

/** Returns what is wrong with what a command printed with `--json`, by its committed schema: also fields that the schema does not name. */
export function answerProblems(answer: unknown): readonly string[] {
  if (typeof answer !== 'object' || answer === null || !('command' in answer) || typeof answer.command !== 'string')
    return ['it names no command'];
  const validate = validatorOf(`${answer.command.replaceAll(' ', '-')}.schema.json`);
  if (validate(answer)) return [];
  return (validate.errors ?? []).map(({ instancePath, message, params }) => `${instancePath || '/'} ${message} ${JSON.stringify(params)}`);
}

/** Throws when the one object that a run printed is not as its command's schema says; several objects, or none, are the test's own matter. */
export function expectAnswer(args: readonly string[], stdout: string): void {
  if (!args.includes('--json')) return;
  const answer = jsonOf(stdout);
  if (answer === undefined) return;
  const problems = answerProblems(answer);
  if (problems.length > 0) throw new Error(`${args.join(' ')} printed what its schema does not have:\n${problems.join('\n')}\n${stdout}`);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function validatorOf(file: string): ValidateFunction {
  const known = compiled.get(file);
  if (known !== undefined) return known;
  const validate = ajv.compile(closed(JSON.parse(readFileSync(join(folder, file), 'utf8'))));
  compiled.set(file, validate);
  return validate;
}

/** For users the schemas are open, since fields are only added; here a field that none names is a schema that was not brought up to date. */
function closed(schema: object): object {
  const inner = Object.fromEntries(
    Object.entries(schema).map(([key, value]: [string, unknown]) => {
      if (Array.isArray(value)) return [key, value.map((one: unknown) => (typeof one === 'object' && one !== null ? closed(one) : one))];
      return [key, typeof value === 'object' && value !== null ? closed(value) : value];
    }),
  );
  const isObject = inner['type'] === 'object' && 'properties' in inner && !('additionalProperties' in inner);
  return isObject ? { ...inner, additionalProperties: false } : inner;
}
