/** Vercel's own list of frameworks. A file of its own: from CommonJS that is bundled and loaded late, only a module in between has names. */
export { frameworks } from '@vercel/frameworks';
