import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { Ajv, type ValidateFunction } from 'ajv';
import formats from 'ajv-formats';
import { parse } from 'yaml';

let compiled: ValidateFunction | undefined;

/**
 * Returns what the API server would refuse of a TestRun, by the operator's own CRD (`SOURCES.md`), and what it would silently drop: a
 * field that the CRD does not know is a mistake of ours.
 */
export function testRunProblems(manifest: unknown): readonly string[] {
  const validate = (compiled ??= compileCrd());
  validate(manifest);
  return (validate.errors ?? []).map(({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`);
}

/** Takes seconds: the schema names every field of a pod, several times over. */
function compileCrd(): ValidateFunction {
  const crd = parse(gunzipSync(readFileSync(join(import.meta.dirname, 'testruns-crd.yaml.gz'))).toString());
  const version = crd.spec.versions.find((each: { name: string; served: boolean }) => each.name === 'v1alpha1' && each.served);
  const ajv = new Ajv({ strict: false, allErrors: true, validateSchema: false });
  formats.default(ajv);
  return ajv.compile(Object(closed(version.schema.openAPIV3Schema)));
}

/** Lets no object have fields that its schema does not name; `metadata` is Kubernetes' own, and its schema names none. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== 'object' || schema === null) return schema;
  const inner = Object.fromEntries(Object.entries(schema).map(([name, value]) => [name, closed(value)]));
  const isClosable = inner['type'] === 'object' && inner['properties'] !== undefined && inner['additionalProperties'] === undefined;
  return isClosable ? { ...inner, additionalProperties: false } : inner;
}
