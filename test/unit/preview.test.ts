import { describe, expect, it } from 'vitest';
import { previewCommentText } from '../../src/core/preview/comment.ts';
import {
  ownKeys,
  previewDatabaseName,
  previewHostname,
  previewPrefix,
  previewProjectName,
  previewSlug,
  slugOfDatabase,
  slugOfProject,
} from '../../src/core/preview/names.ts';
import { orphanedPreviews, previewsOf } from '../../src/core/preview/previews.ts';
import { refuseForeignSource } from '../../src/core/preview/same-repository.ts';
import { previewDatabaseFields, previewSettings } from '../../src/core/preview/settings.ts';
import { stagingSettings } from '../support/stage-world.ts';

describe('what a preview is called', () => {
  it('is the branch where that will do, and never the same for two branches', () => {
    const branches = ['fix', 'feature/x', 'feature-x', 'Feature/X', 'feature/x/', 'a'.repeat(80), `${'a'.repeat(80)}b`, 'über', '日本'];

    const slugs = branches.map(previewSlug);

    expect(slugs[0]).toBe('fix');
    expect(new Set(slugs).size).toBe(branches.length);
    for (const slug of slugs) expect(slug).toMatch(/^[a-z0-9](?:[a-z0-9-]{0,31}[a-z0-9])?$/);
  });

  it('fits into a label of DNS, however long the project is called', () => {
    expect(previewHostname('n'.repeat(60), previewSlug('a'.repeat(80))).split('.')[0]?.length).toBeLessThanOrEqual(63);
  });

  it('has keys beside staging’s, not below them', () => {
    expect(previewPrefix('jet-staging:', 'fix')).toBe('jet-staging-preview-fix:');
    expect(previewPrefix('jet-staging:', 'fix').startsWith('jet-staging:')).toBe(false);
  });
});

describe('the keys of an environment and its previews', () => {
  const staging = ownKeys({ prefix: 'jet-staging:' });
  const preview = ownKeys({ prefix: previewPrefix('jet-staging:', 'fix'), previewOf: 'jet-staging:' });

  it.each([
    'jet-staging:a',
    'jet-staging-preview-fix:a',
    `${previewPrefix('jet-staging:', previewSlug('feature/x'))}flight:1`,
    previewPrefix('jet-staging:', previewSlug('a'.repeat(80))),
  ])('are known on either side: %s', (key) => {
    expect([staging(key), preview(key)]).toEqual([true, true]);
  });

  it.each([
    'jet:a',
    'jet-staging',
    'jet-staging-2:a',
    'jet-staging-preview-:a',
    'jet-staging-preview-Fix:a',
    'jet-staging-preview-fix',
    `jet-staging-preview-${'a'.repeat(40)}:b`,
    'bull:x',
  ])('are told from those of others: %s', (key) => {
    expect([staging(key), preview(key)]).toEqual([false, false]);
  });
});

describe('what its database is called', () => {
  it.each(['fix', previewSlug('feature/x'), previewSlug('a'.repeat(80))])('tells the preview by it again: %s', (slug) => {
    expect(slugOfDatabase(previewDatabaseName(slug))).toBe(slug);
    expect(slugOfProject('jet-staging', previewProjectName('jet-staging', slug))).toBe(slug);
  });

  it('is never that of what somebody made by hand, nor of another environment', () => {
    const own = previewProjectName('jet-staging', 'fix');
    const others = ['jet-staging', 'jet-staging-preview-', 'jet-staging-preview-fix', 'jet-staging-preview-fix-00000000', `${own}-2`];

    expect(others.map((name) => slugOfProject('jet-staging', name))).toEqual(others.map(() => undefined));
    expect(slugOfProject('jet', own)).toBeUndefined();
    expect(slugOfDatabase('somebody-elses')).toBeUndefined();
  });
});

describe('the settings of a preview’s own Supabase project', () => {
  it('are staging’s that can be changed in place, with the sign-in addresses led to the preview', () => {
    const supabase = {
      ...stagingSettings.supabase,
      size: 'large',
      postgresVersion: '17',
      sslEnforced: true,
      allowedCidrs: ['10.0.0.0/8'],
      auth: { siteUrl: 'https://staging.jet.test', redirectUrls: ['https://staging.jet.test/**'] },
    };

    expect(previewDatabaseFields({ ...stagingSettings, supabase }, 'https://preview.jet.test')).toEqual({
      sslEnforced: true,
      allowedCidrs: ['10.0.0.0/8'],
      siteUrl: 'https://preview.jet.test',
      redirectUrls: ['https://preview.jet.test/**'],
    });
    expect(previewDatabaseFields(stagingSettings, 'https://preview.jet.test')).toEqual({});
  });
});

describe('the settings of a preview', () => {
  it('lead every variable that names staging’s prefix to the preview’s own', () => {
    const prefix = stagingSettings.upstash.prefix;
    const env = { ...stagingSettings.env, QUEUE_PREFIX: { value: prefix, class: 'public', required: true } } as const;

    const settings = previewSettings({ ...stagingSettings, env }, 'fix');

    expect(settings.upstash.prefix).toBe(previewPrefix(prefix, 'fix'));
    expect(settings.env['QUEUE_PREFIX']?.value).toBe(previewPrefix(prefix, 'fix'));
  });

  it('are refused when no variable carries the prefix: the app would share staging’s keys', () => {
    const env = Object.fromEntries(Object.entries(stagingSettings.env).filter(([, { value }]) => value !== stagingSettings.upstash.prefix));

    expect(() => previewSettings({ ...stagingSettings, env }, 'fix')).toThrow(
      expect.objectContaining({ code: 'PREVIEW_PREFIX_UNWIRED', exitCode: 2 }),
    );
  });
});

describe('whose branch it is', () => {
  const sha = 'a'.repeat(40);
  const source = { branch: 'fix', sha, heads: { fix: sha, develop: 'b'.repeat(40) }, repository: 'jet/app', expected: 'jet/app' };

  it('must be this repository’s, as it was pushed', () => {
    expect(() => refuseForeignSource(source)).not.toThrow();
    expect(() => refuseForeignSource({ ...source, expected: undefined, repository: null })).not.toThrow();
  });

  it.each([
    ['another repository', { repository: 'fork/app' }, 'PREVIEW_REPOSITORY_FOREIGN'],
    ['an origin that tells no name', { repository: null }, 'PREVIEW_REPOSITORY_FOREIGN'],
    ['a branch that origin lacks', { branch: 'theirs' }, 'PREVIEW_BRANCH_FOREIGN'],
    ['a branch called like a property', { branch: 'constructor' }, 'PREVIEW_BRANCH_FOREIGN'],
    ['another commit than the branch’s', { sha: 'c'.repeat(40) }, 'PREVIEW_COMMIT_FOREIGN'],
  ])('refuses %s with 6', (_what, changed, code) => {
    expect(() => refuseForeignSource({ ...source, ...changed })).toThrow(expect.objectContaining({ code, exitCode: 6 }));
  });
});

describe('previews as the vendors tell of them', () => {
  const deployment = (id: string, branch: string, minute: number) => ({
    id,
    url: `https://${id}`,
    state: 'ready' as const,
    createdAt: `2026-11-26T10:0${minute}:00.000Z`,
    meta: { jvPreview: previewSlug(branch), githubCommitRef: branch },
  });
  const database = (kind: 'branch' | 'project', slug: string) => {
    const name = kind === 'branch' ? previewDatabaseName(slug) : previewProjectName('jet-staging', slug);
    return { kind, slug, id: name, ref: `ref-${name}`, name, createdAt: '2026-11-26T10:00:00.000Z' };
  };

  it('are one a branch, with every deployment and the database; what a cut off run left counts', () => {
    const previews = previewsOf(
      [deployment('d1', 'feature/x', 1), deployment('d2', 'feature/x', 2)],
      [database('branch', previewSlug('feature/x')), database('project', 'half')],
    );

    expect(
      previews.map(({ slug, branch, deployments, database: own }) => [slug, branch, deployments.map(({ id }) => id), own?.name]),
    ).toEqual([
      [previewSlug('feature/x'), 'feature/x', ['d2', 'd1'], `preview-${previewSlug('feature/x')}`],
      ['half', null, [], previewProjectName('jet-staging', 'half')],
    ]);
  });

  it('are orphaned when the repository has no such branch', () => {
    const previews = previewsOf([deployment('d1', 'feature/x', 1), deployment('d2', 'fix', 2)], []);

    expect(orphanedPreviews(previews, ['fix', 'develop']).map(({ branch }) => branch)).toEqual(['feature/x']);
  });
});

describe('the comment', () => {
  const preview = {
    branch: 'feature/x',
    url: 'https://jet-preview-x.vercel.app',
    gitSha: 'a'.repeat(40),
    deploymentId: 'dpl_1',
    database: 'preview-x',
    databaseKind: 'branch',
    migrationHead: '20260101000000',
    seed: 'seed demo: 5 users',
    prefix: 'jet-preview-x:',
    smoke: { verdict: 'green', summary: '10 of 10 green' },
  } as const;

  it('is Markdown with a mark by which it is found again', () => {
    const text = previewCommentText(preview);

    expect(text.split('\n')[0]).toBe('<!-- jv-staging preview feature/x -->');
    expect(text).toContain('| Address | <https://jet-preview-x.vercel.app> |');
    expect(text).toContain('| Smoke | ✅ 10 of 10 green |');
  });

  it('cannot be broken out of by the name of a branch', () => {
    const text = previewCommentText({ ...preview, branch: 'x`|-->\n@team <img src=x>' });

    expect(text.split('\n').filter((line) => line.includes('@team'))).toHaveLength(2);
    expect(text).not.toMatch(/-->.*-->|<img/);
  });
});
