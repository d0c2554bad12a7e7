import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');
const readme = readFileSync(join(root, 'README.md'), 'utf8').replaceAll(/^```[\s\S]*?^```/gm, '');
const links = [...readme.matchAll(/(!?)\[[^\]]*\]\(([^)\s]+)\)/g)].map(([, mark = '', target = '']) => ({ isImage: mark === '!', target }));

/** The name that GitHub gives a heading: lower case, letters, digits, hyphens and spaces alone, spaces as hyphens. */
const anchors = new Set(
  [...readme.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => {
    const plain = heading.toLowerCase().replaceAll(/[^\p{L}\p{N} _-]/gu, '');
    return `#${plain.replaceAll(' ', '-')}`;
  }),
);

/** What is wrong with a link; nothing for an address elsewhere, which nobody asks here. */
function problemOf(target: string): string | undefined {
  if (/^https?:/.test(target)) return undefined;
  if (target.startsWith('#')) return anchors.has(target) ? undefined : `${target} is no heading`;
  return existsSync(join(root, target)) ? undefined : `${target} is no file`;
}

describe('the README', () => {
  it('links to headings and files that there are', () => {
    expect(links.length).toBeGreaterThan(5);
    expect(links.map(({ target }) => problemOf(target)).filter((problem) => problem !== undefined)).toEqual([]);
    expect([problemOf('#no-such-heading'), problemOf('no/such/file')]).toEqual([
      '#no-such-heading is no heading',
      'no/such/file is no file',
    ]);
  });

  it('shows the tree of a run and its report, in pictures that are small', () => {
    const pictures = links.filter(({ isImage }) => isImage).map(({ target }) => target);

    expect(pictures).toEqual(['docs/pictures/progress.svg', 'docs/pictures/report.png']);
    for (const picture of pictures) expect(statSync(join(root, picture)).size, picture).toBeLessThan(200_000);
    const [progress = ''] = pictures;
    expect(readFileSync(join(root, progress), 'utf8')).toMatch(/>[^<]*Provision[\s\S]*>[^<]*Smoke/);
  });
});
