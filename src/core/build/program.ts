import { printable } from '../printable.ts';

/** Returns the program that a build command starts, past the `npx` that would fetch it; undefined for no words. */
export function buildProgram([first, second]: readonly string[]): { readonly name: string; readonly byNpx: boolean } | undefined {
  if (first === undefined) return undefined;
  return first === 'npx' && second !== undefined && !second.startsWith('-') ? { name: second, byNpx: true } : { name: first, byNpx: false };
}

/** Returns what brings a build's program: for `vercel` its package, else a hint at the configuration. */
export function buildProgramFix(name: string): string {
  if (name === 'vercel') return 'Run `npm install --save-dev vercel` in the app’s folder, or `npm install --global vercel`.';
  return `Install ${printable(name)}, or correct \`app.build\` in the configuration.`;
}
