import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { parse } from 'yaml';

/** The published OpenAPI files lie beside the project; they are no part of it. */
const folder = fileURLToPath(new URL('../../../shared/openapi/', import.meta.url));

/** Where they are absent, tests against them are skipped: `describe.skipIf(openapiAbsent)`, with this in the title. */
export const openapiAbsent = !existsSync(folder);
export const whySkipped = openapiAbsent ? ' (skipped: the published files are not at ../shared/openapi)' : '';

interface Patch {
  /** Below `components/schemas`. */
  readonly at: string;
  /** What the file says; another file than this patch was made for fails loudly. */
  readonly was: unknown;
  readonly becomes: unknown;
  readonly why: string;
}

const described = (at: string, ...values: string[]): Patch => ({
  at: `${at}/enum`,
  was: ['SEE_DESCRIPTION'],
  becomes: values,
  why: 'the generated file leaves the values to the description',
});

const lifeCycle = [
  described('AppInstanceInfo/properties/instantiationState', 'NOT_INSTANTIATED', 'INSTANTIATED'),
  described('InstantiatedAppState/properties/operationalState', 'STARTED', 'STOPPED'),
  described('OperateAppRequest/properties/changeStateTo', 'STARTED', 'STOPPED'),
  described('OperateAppRequest/properties/stopType', 'FORCEFUL', 'GRACEFUL'),
  described('TerminateAppRequest/properties/terminationType', 'FORCEFUL', 'GRACEFUL'),
  described('CancelMode/properties/CancelMode', 'GRACEFUL', 'FORCED'),
  described('AppLcmOpOcc/properties/operationState', 'STARTING', 'PROCESSING', 'COMPLETED', 'FAILED', 'FAILED_TEMP'),
  described('AppLcmOpOcc/properties/lcmOperation', 'INSTANTIATE', 'OPERATE', 'TERMINATE'),
];

const patches: Readonly<Record<string, readonly Patch[]>> = {
  'etsi-mec/mec010-2_AppLcm_v3.1.1.yaml': lifeCycle,
  'etsi-mec/mec010-2_AppPkgMgmt_v3.1.1.yaml': [
    described('AppPkgInfoModifications/properties/operationalState', 'ENABLED', 'DISABLED'),
    described('AppPkgInfo/properties/operationalState', 'ENABLED', 'DISABLED'),
    described('AppPkgInfo/properties/onboardingState', 'CREATED', 'UPLOADING', 'PROCESSING', 'ONBOARDED'),
    described('AppPkgInfo/properties/usageState', 'IN_USE', 'NOT_IN_USE'),
  ],
};

const documents = new Map<string, Ajv2020>();

function ajvOf(file: string): Ajv2020 {
  const known = documents.get(file);
  if (known !== undefined) return known;
  const document = parse(readFileSync(`${folder}${file}`, 'utf8')) as { components: { schemas: object } };
  for (const patch of patches[file] ?? []) apply(document.components.schemas, patch, file);
  const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false });
  ajv.addSchema({ ...document, $id: 'spec' });
  documents.set(file, ajv);
  return ajv;
}

function apply(schemas: object, { at, was, becomes }: Patch, file: string): void {
  const path = at.split('/');
  const last = path.pop() ?? '';
  let place = schemas as Record<string, unknown>;
  for (const step of path) place = (place[step] ?? {}) as Record<string, unknown>;
  if (!isDeepStrictEqual(place[last], was)) throw new Error(`${file}: ${at} is not what its patch was made for`);
  place[last] = becomes;
}

/** Validates against a component schema: the bodies of operations in the generated files are wrappers that take anything. */
export function published(file: string, schema: string): ValidateFunction {
  const validate = ajvOf(file).getSchema(`spec#/components/schemas/${schema}`); // compiled once
  if (validate === undefined) throw new Error(`${file} has no schema ${schema}`);
  return validate;
}

/** What the schema demands of the body's own members. */
export function mandatory(file: string, schema: string): readonly string[] {
  const found = ajvOf(file).getSchema('spec')?.schema as {
    components: { schemas: Record<string, { required?: string[] }> };
  };
  return found.components.schemas[schema]?.required ?? [];
}
