import { callerName, type SignedInCaller, signedInCallers } from '../smoke/caller.ts';
import type { LoadRequest, LoadStage } from './load.ts';
import { gracefulStopMs, rampMs } from './profile.ts';

/** Variables that the script reads; those that are secret stand in none of its lines. */
export const scriptVariables = {
  origin: 'JV_URL',
  password: 'STAGING_USER_PASSWORD',
  bypass: 'VERCEL_AUTOMATION_BYPASS_SECRET',
  clerkKey: 'CLERK_SECRET_KEY',
  clerkUrl: 'CLERK_API_URL',
} as const;

/** Images are pulled and pods scheduled between a sign-in and the first request: a token of Clerk lives that much longer than the load. */
const waitingS = 600;

/** Returns whom a journey signs in, each once. */
export function journeyCallers(journey: readonly LoadRequest[]): readonly SignedInCaller[] {
  return signedInCallers(journey.map(({ as }) => as));
}

/** Returns the names of the secrets that a journey's sign-ins read. */
export function signInSecrets(callers: readonly SignedInCaller[]): readonly string[] {
  const { app, clerk } = byProvider(callers);
  return [...(app.length === 0 ? [] : [scriptVariables.password]), ...(clerk.length === 0 ? [] : [scriptVariables.clerkKey])];
}

/** Returns the part of a k6 script that signs these callers in before the load; empty when there are none. */
export function signInText(callers: readonly SignedInCaller[], stages: readonly LoadStage[]): string {
  if (callers.length === 0) return '';
  const { app, clerk } = byProvider(callers);
  return `/** Signs each user in once, as a person does. */
export function setup() {
  const sessions = {};
${app.length === 0 ? '' : appText(app)}${clerk.length === 0 ? '' : clerkText(clerk, stages)}  return sessions;
}

`;
}

function byProvider(callers: readonly SignedInCaller[]) {
  const of = (wanted: string) => callers.filter(({ provider = 'app' }) => provider === wanted);
  return { app: of('app'), clerk: of('clerk') };
}

function usersText(callers: readonly SignedInCaller[]): string {
  return JSON.stringify(callers.map(({ user }) => user));
}

function appText(callers: readonly SignedInCaller[]): string {
  return `  const password = __ENV.${scriptVariables.password};
  if (!password) fail('${scriptVariables.password} is not set.');
  for (const email of ${usersText(callers)}) {
    const answer = http.post(\`\${origin}/api/auth/sign-in\`, JSON.stringify({ email, password }), { headers: headersOf('{}') });
    if (answer.status !== 200) fail(\`\${email} could not sign in: status \${answer.status}.\`);
    const cookie = Object.entries(answer.cookies).map(([name, [first]]) => \`\${name}=\${first.value}\`).join('; ');
    const { user, accessToken } = answer.json();
    const headers = cookie === '' ? { authorization: \`Bearer \${accessToken}\` } : { cookie };
    sessions[email] = { id: user.id, email: user.email, headers };
  }
`;
}

/** As `clerkSessions` asks Clerk's Backend API. */
function clerkText(callers: readonly SignedInCaller[], stages: readonly LoadStage[]): string {
  const { clerkKey, clerkUrl } = scriptVariables;
  const livesS = Math.ceil((rampMs(stages) + gracefulStopMs) / 1000) + waitingS;
  const name = callerName({ user: '${email}', provider: 'clerk' });
  return `  const key = __ENV.${clerkKey};
  if (!key) fail('${clerkKey} is not set.');
  const headers = { authorization: \`Bearer \${key}\`, 'content-type': 'application/json' };
  const clerk = (method, path, body) => {
    const answer = http.request(method, (__ENV.${clerkUrl} || 'https://api.clerk.com') + path, body && JSON.stringify(body), { headers });
    if (answer.status !== 200) fail(\`Clerk refused \${method} \${path}: status \${answer.status}.\`);
    return answer.json();
  };
  for (const email of ${usersText(callers)}) {
    const [user] = clerk('GET', \`/v1/users?email_address=\${encodeURIComponent(email)}\`);
    if (!user) fail(\`Clerk has no user \${email}.\`);
    const session = clerk('POST', '/v1/sessions', { user_id: user.id });
    // A token lives a minute otherwise: too short for a load.
    const { jwt } = clerk('POST', \`/v1/sessions/\${session.id}/tokens\`, { expires_in_seconds: ${livesS} });
    sessions[\`${name}\`] = { id: user.id, email, headers: { authorization: \`Bearer \${jwt}\` } };
  }
`;
}
