// schema/commands/: the JSON Schema of what each command prints with --json, read from the types that the commands return.
// Alone: only compares; with --write: writes.
'use strict';

const { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');

const root = join(__dirname, '..');
const folder = join(root, 'schema', 'commands');

/** Ids of the commands, as the manifest has them: `local:fault:add`. */
function commandIds() {
  return Object.keys(JSON.parse(readFileSync(join(root, 'oclif.manifest.json'), 'utf8')).commands).toSorted();
}

/** The texts of all schemas by file name. */
async function answerSchemas() {
  // The compiler's own interface is called unstable; package.json pins the version that this is written for.
  const typescript = await import('typescript/unstable/sync');
  const api = new typescript.API({ cwd: root });
  try {
    const config = join(root, 'tsconfig.json');
    const project = api.updateSnapshot({ openProjects: [config] }).getProject(config);
    const entries = commandIds().map((id) => {
      const source = project.program.getSourceFile(join(root, 'src', 'commands', `${id.replaceAll(':', '/')}.ts`));
      const schema = commandSchema(id, createReader(typescript, project), source);
      return [`${id.replaceAll(':', '-')}.schema.json`, `${JSON.stringify(schema, null, 2)}\n`];
    });
    return new Map(entries);
  } finally {
    api.close();
  }
}

/** One object: what the command found out, or what went wrong, with what it had found out until then. */
function commandSchema(id, reader, source) {
  const command = id.replaceAll(':', ' ');
  const data = reader.schemaOf(reader.answerOf(source));
  const envelope = (ok, properties, required) => ({
    type: 'object',
    properties: { ok: { const: ok }, command: { const: command }, ...properties },
    required: ['ok', 'command', ...required],
  });
  const text = { type: 'string' };
  const error = {
    type: 'object',
    properties: { code: { type: 'string', pattern: '^[A-Z][A-Z0-9_]*$' }, message: text, fix: { type: ['string', 'null'] } },
    required: ['code', 'message', 'fix'],
  };
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: `jv-staging ${command} --json`,
    oneOf: [envelope(true, { data }, ['data']), envelope(false, { error, data: {} }, ['error'])],
    definitions: reader.definitions(),
  };
}

/** Reads types of one command; what has a name becomes a definition, so that types may contain themselves. */
function createReader(typescript, { checker }) {
  const { SignatureKind, SymbolFlags, TypeFlags } = typescript;
  const names = new Map();
  const definitions = new Map();
  const has = (type, flag) => (type.flags & flag) !== 0;

  /** The type that the command's `run` promises. */
  const answerOf = (source) => {
    const [exported] = checker.getExportsOfModule(checker.getSymbolAtLocation(source)).filter(({ name }) => name === 'default');
    const run = checker.getPropertyOfType(checker.getDeclaredTypeOfSymbol(exported), 'run');
    const [signature] = checker.getSignaturesOfType(checker.getTypeOfSymbol(run), SignatureKind.Call);
    return checker.getTypeArguments(checker.getReturnTypeOfSignature(signature))[0];
  };

  const schemaOf = (type) => {
    if (has(type, TypeFlags.Any | TypeFlags.Unknown)) return {};
    // Nothing to say is null in JSON.
    if (has(type, TypeFlags.Null | TypeFlags.Undefined | TypeFlags.Void)) return { type: 'null' };
    if (type.isLiteralType()) return { const: type.value };
    if (has(type, TypeFlags.StringLike)) return { type: 'string' };
    if (has(type, TypeFlags.NumberLike)) return { type: 'number' };
    if (has(type, TypeFlags.BooleanLike)) return { type: 'boolean' };
    if (type.isUnionType()) return unionOf(type.getTypes());
    if (checker.isTupleType(type)) return tupleOf(checker.getTypeArguments(type));
    if (checker.isArrayType(type)) return { type: 'array', items: schemaOf(checker.getTypeArguments(type)[0]) };
    if (has(type, TypeFlags.Object | TypeFlags.Intersection)) return named(type);
    throw new Error(`${checker.typeToString(type)} is nothing that JSON can hold.`);
  };

  const tupleOf = (types) => ({ type: 'array', items: types.map(schemaOf), minItems: types.length, maxItems: types.length });

  const unionOf = (types) => {
    const schemas = types.filter((one) => !has(one, TypeFlags.Undefined)).map(schemaOf);
    const values = schemas.flatMap((schema) => ('const' in schema ? [schema.const] : []));
    const others = schemas.filter((schema) => !('const' in schema));
    const isBoolean = values.includes(true) && values.includes(false);
    const left = isBoolean ? values.filter((value) => typeof value !== 'boolean') : values;
    const [first] = left;
    const all = [
      ...others,
      ...(isBoolean ? [{ type: 'boolean' }] : []),
      ...(left.length === 0 ? [] : [left.length === 1 ? { const: first } : { enum: left.toSorted() }]),
    ];
    return anyOf(all);
  };

  /** An interface or a named type becomes a definition; a type without a name stays where it stands. */
  const named = (type) => {
    const symbol = type.getAliasSymbol() ?? type.getSymbol();
    if (symbol === undefined || symbol.name.startsWith('__') || isOfLibrary(type)) return objectOf(type);
    const name = nameOf(type);
    if (!definitions.has(name)) {
      definitions.set(name, {});
      const described = symbol.getDocumentationComment(checker).trim();
      definitions.set(name, { ...(described === '' ? {} : { description: described }), ...objectOf(type) });
    }
    return { $ref: `#/definitions/${name}` };
  };

  /** `Readonly<…>`, `Record<…>` and the like name a way to make a type, not a thing. */
  const isOfLibrary = (type) => ['Readonly', 'Record', 'Partial', 'Pick', 'Omit', 'Required'].includes(type.getAliasSymbol()?.name ?? '');

  const nameOf = (type) => {
    const known = names.get(type.id);
    if (known !== undefined) return known;
    const wanted = checker
      .typeToString(type)
      .replaceAll(/import\("[^"]*"[^)]*\)\./g, '')
      .replaceAll(/[^\w]+/g, '-')
      .replace(/-$/, '');
    const taken = new Set(names.values());
    let name = wanted;
    for (let number = 2; taken.has(name); number += 1) name = `${wanted}-${number}`;
    names.set(type.id, name);
    return name;
  };

  const objectOf = (type) => {
    const properties = {};
    const required = [];
    for (const symbol of checker.getPropertiesOfType(type)) {
      const of = checker.getTypeOfSymbol(symbol);
      // JSON has no functions.
      if (checker.getSignaturesOfType(of, SignatureKind.Call).length > 0) continue;
      const parts = of.isUnionType() ? of.getTypes() : [of];
      // What is undefined is left out, or null where the property is there.
      const mayMiss = (symbol.flags & SymbolFlags.Optional) !== 0 || parts.some((one) => has(one, TypeFlags.Undefined | TypeFlags.Unknown));
      const described = symbol.getDocumentationComment(checker).trim();
      properties[symbol.name] = {
        ...(mayMiss ? orNull(schemaOf(of)) : schemaOf(of)),
        ...(described === '' ? {} : { description: described }),
      };
      if (!mayMiss) required.push(symbol.name);
    }
    const [index] = checker.getIndexInfosOfType(type);
    return {
      type: 'object',
      ...(Object.keys(properties).length === 0 ? {} : { properties }),
      ...(required.length === 0 ? {} : { required }),
      ...(index === undefined ? {} : { additionalProperties: schemaOf(index.valueType) }),
    };
  };

  return { answerOf, schemaOf, definitions: () => Object.fromEntries([...definitions].toSorted(([a], [b]) => (a < b ? -1 : 1))) };
}

/** One of several, each once and in an order of their own: a compiler's order may change. */
function anyOf(schemas) {
  const distinct = [...new Map(schemas.map((schema) => [JSON.stringify(schema), schema]))].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return distinct.length === 1 ? distinct[0][1] : { anyOf: distinct.map(([, schema]) => schema) };
}

function orNull(schema) {
  return Object.keys(schema).length === 0 ? schema : anyOf([...(schema.anyOf ?? [schema]), { type: 'null' }]);
}

function committed() {
  try {
    return new Map(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
  } catch {
    return new Map();
  }
}

async function main(write) {
  const wanted = await answerSchemas();
  const found = committed();
  const differing = [...new Set([...wanted.keys(), ...found.keys()])].filter((name) => wanted.get(name) !== found.get(name));
  if (differing.length === 0) return;
  if (!write) {
    process.stderr.write(
      `schema/commands/ is not what the commands print (${differing.join(', ')}): run \`node bin/answers.js --write\`.\n`,
    );
    process.exitCode = 1;
    return;
  }
  mkdirSync(folder, { recursive: true });
  for (const name of differing) {
    const text = wanted.get(name);
    if (text === undefined) rmSync(join(folder, name));
    else writeFileSync(join(folder, name), text);
  }
}

void main(process.argv.includes('--write'));
