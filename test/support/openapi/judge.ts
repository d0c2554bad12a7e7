import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import formats from 'ajv-formats';
import { type Operation, readSpecification, type Schema, type Specification, type Vendor } from './specification.ts';

/** One answer of an emulated vendor. */
export interface Answer {
  readonly vendor: Vendor;
  readonly method: string;
  /** Path without the query. */
  readonly path: string;
  readonly status: number;
  /** The media type alone, lower case; empty when there is none. */
  readonly type: string;
  /** The body; empty for what is not JSON. */
  readonly body: string;
}

/** Something in which an answer differs from what the vendor specifies. */
export interface Violation {
  readonly vendor: Vendor;
  /** The vendor's operation, or method and path of a request that is in none. */
  readonly operation: string;
  readonly status: number;
  /** Where in the body: a JSON pointer with `*` for each index; `status`, `type` for those. */
  readonly at: string;
  readonly problem: string;
}

/** What is said of one answer. */
export interface Verdict {
  /** The vendor's operation, or undefined where the vendor specifies none. */
  readonly operation: string | undefined;
  readonly violations: readonly Violation[];
}

/** Judges answers by the vendor's OpenAPI file: status, media type and body. */
export interface Judge {
  judge(answer: Answer): Verdict;
}

/** The vendors' error bodies, for statuses whose body their files leave open (contracts.md §1.2, §2.1, §3.1). */
const errorShapes: Readonly<Record<Vendor, Schema>> = {
  vercel: {
    type: 'object',
    required: ['error'],
    properties: {
      error: { type: 'object', required: ['code', 'message'], properties: { code: { type: 'string' }, message: { type: 'string' } } },
    },
  },
  supabase: { type: 'object', required: ['message'], properties: { message: { type: 'string' } } },
  upstash: {
    anyOf: [
      { type: 'string', minLength: 1 },
      { type: 'object', required: ['error'], properties: { error: { type: 'string' } } },
      { type: 'object', required: ['message'], properties: { message: { type: 'string' } } },
    ],
  },
};

/** Returns a judge for all vendors. Files are read, and schemas compiled, when they are first needed. */
export function createJudge(): Judge {
  const vendors = new Map<Vendor, VendorJudge>();
  return {
    judge: (answer) => {
      const known = vendors.get(answer.vendor) ?? vendorJudge(answer.vendor);
      vendors.set(answer.vendor, known);
      const candidates = known.specification.find(answer.method, answer.path);
      const judged = candidates.map((operation) => ({ operation: operation.key, violations: known.violations(answer, operation) }));
      const unspecified = { operation: undefined, violations: answer.status < 400 ? [] : known.violations(answer, undefined) };
      return judged.find(({ violations }) => violations.length === 0) ?? judged[0] ?? unspecified;
    },
  };
}

interface VendorJudge {
  readonly specification: Specification;
  violations(answer: Answer, operation: Operation | undefined): readonly Violation[];
}

function vendorJudge(vendor: Vendor): VendorJudge {
  const specification = readSpecification(vendor);
  const ajv = new Ajv({ strict: false, allErrors: true, verbose: false, validateSchema: false });
  formats.default(ajv);
  ajv.addSchema({ components: asJsonSchema(specification.components) }, 'vendor');
  const compiled = new Map<Schema, ValidateFunction>();
  const validatorOf = (schema: Schema) => {
    const known = compiled.get(schema) ?? ajv.compile({ allOf: [asJsonSchema(schema)] });
    compiled.set(schema, known);
    return known;
  };
  return {
    specification,
    violations: (answer, operation) => {
      const key = operation?.key ?? `${answer.method} ${answer.path}`;
      const say = (at: string, problem: string): Violation => ({ vendor, operation: key, status: answer.status, at, problem });
      const specified = operation?.responses[String(answer.status)] ?? operation?.responses['default'];
      const [type, schema] = contentFor(answer, specified?.content);
      if (specified === undefined && answer.status < 300)
        return [say('status', `is not one of ${Object.keys(operation?.responses ?? {}).join(', ')}`)];
      const wanted = schema ?? (answer.status >= 400 ? errorShapes[vendor] : undefined);
      if (wanted === undefined || answer.method === 'HEAD') return [];
      if (answer.type !== (type ?? 'application/json'))
        return [say('type', `is ${answer.type || 'none'}, not ${type ?? 'application/json'}`)];
      if (!answer.type.endsWith('json') || answer.type.includes('stream')) return [];
      const body = parse(answer.body);
      if (body === undefined) return [say('', 'is not JSON')];
      const validate = validatorOf(wanted);
      if (validate(body)) return [];
      return nearest(validate.errors ?? []).map((error) => say(error.instancePath.replace(/\/\d+(?=\/|$)/g, '/*'), problemOf(error)));
    },
  };
}

function contentFor(
  answer: Answer,
  content: Readonly<Record<string, { readonly schema: Schema }>> | undefined,
): readonly [type?: string, schema?: Schema] {
  const entries = Object.entries(content ?? {});
  const [type, media] = entries.find(([name]) => name === answer.type) ?? entries[0] ?? [];
  return type === undefined || media === undefined ? [] : [type, media.schema];
}

function parse(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    return undefined;
  }
}

/**
 * Returns a schema of OpenAPI 3.0 as JSON schema: `nullable` becomes a union, references lead to the vendor's components. `oneOf` is read
 * as `anyOf`: the files say it of unions whose members overlap, which no answer could meet.
 */
function asJsonSchema(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(asJsonSchema);
  if (typeof schema !== 'object' || schema === null) return schema;
  const { nullable, ...rest } = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, asJsonSchema(value)]));
  const { oneOf, $ref, ...others } = rest;
  const read = {
    ...others,
    ...(oneOf === undefined ? {} : { anyOf: oneOf }),
    ...exclusiveBounds(others),
    ...(typeof $ref === 'string' ? { $ref: `vendor${$ref}` } : {}),
  };
  return nullable === true ? { anyOf: [read, { type: 'null' }] } : read;
}

/** OpenAPI 3.0 says by true that `minimum` itself is not allowed; JSON schema names the bound there. */
function exclusiveBounds({ exclusiveMinimum, minimum, exclusiveMaximum, maximum }: Readonly<Record<string, unknown>>) {
  return {
    ...(exclusiveMinimum === true ? { exclusiveMinimum: minimum } : {}),
    ...(exclusiveMaximum === true ? { exclusiveMaximum: maximum } : {}),
  };
}

/** Of a union that no member of matches, keeps what is wrong by its nearest member alone. */
function nearest(errors: readonly ErrorObject[]): readonly ErrorObject[] {
  const union = errors.find(({ keyword }) => keyword === 'anyOf');
  if (union === undefined) return errors;
  const inside = new Map<string, ErrorObject[]>();
  const outside: ErrorObject[] = [];
  for (const error of errors) {
    if (error === union) continue;
    const rest = error.schemaPath.startsWith(`${union.schemaPath}/`) ? error.schemaPath.slice(union.schemaPath.length + 1) : undefined;
    const within = rest !== undefined && error.instancePath.startsWith(union.instancePath);
    if (!within) outside.push(error);
    else inside.set(rest.split('/')[0] ?? '', [...(inside.get(rest.split('/')[0] ?? '') ?? []), error]);
  }
  const members = [...inside.values()].map(nearest).toSorted((a, b) => weight(a) - weight(b));
  return [...(members[0] ?? [union]), ...nearest(outside)];
}

/** A member whose type is another is further away than one that lacks something. */
function weight(errors: readonly ErrorObject[]): number {
  return errors.reduce((sum, { keyword }) => sum + (keyword === 'type' || keyword === 'enum' ? 3 : 1), 0);
}

function problemOf(error: ErrorObject): string {
  const allowed: unknown = error.params['allowedValues'];
  const extra: unknown = error.params['additionalProperty'];
  const named = Array.isArray(allowed) ? `: ${allowed.join(', ')}` : typeof extra === 'string' ? `: ${extra}` : '';
  return `${error.message ?? error.keyword}${named}`;
}
