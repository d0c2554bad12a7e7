/** Regions that the platform takes (OpenAPI file of 2026-06-01 and the choices of CLI 3.1). */
export const regions = [
  'us-east-1',
  'us-east-2',
  'us-west-1',
  'us-west-2',
  'ap-east-1',
  'ap-southeast-1',
  'ap-northeast-1',
  'ap-northeast-2',
  'ap-southeast-2',
  'ap-south-1',
  'eu-west-1',
  'eu-west-2',
  'eu-west-3',
  'eu-north-1',
  'eu-central-1',
  'eu-central-2',
  'ca-central-1',
  'sa-east-1',
] as const;

/** The region that stands for each group of regions. */
export const smartRegions = { americas: 'us-east-1', emea: 'eu-central-1', apac: 'ap-southeast-1' } as const;

const smartGroups = [
  { name: 'Americas', code: 'americas', type: 'smartGroup' },
  { name: 'Europe', code: 'emea', type: 'smartGroup' },
  { name: 'Asia-Pacific', code: 'apac', type: 'smartGroup' },
] as const;

const specific = regions.map((code) => ({ name: code, code, type: 'specific', provider: 'AWS' }));

/** The answer to which regions there are; the local cloud has no nearest one. */
export const regionList = {
  recommendations: { smartGroup: smartGroups[0], specific: specific.slice(0, 1) },
  all: { smartGroup: smartGroups, specific },
};
