// Loaded before a program of ours (`node --import …/part-preload.js?folder=…`), so that its imports find a part's packages.
import { resolveFrom } from './resolve-from.ts';

for (const folder of new URL(import.meta.url).searchParams.getAll('folder')) resolveFrom(folder);
