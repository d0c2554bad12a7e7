import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import { contentTypeOf } from './content-types.ts';
import { decodePath } from './journey.ts';

/** The `images` of a Build Output `config.json` (vercel.com/docs/build-output-api/configuration#images), as far as local images need it. */
export const imagesConfig = z.looseObject({
  sizes: z.array(z.number()),
  qualities: z.array(z.number()).optional(),
  localPatterns: z.array(z.looseObject({ pathname: z.string().optional(), search: z.string().optional() })).optional(),
  dangerouslyAllowSVG: z.boolean().default(false),
  contentSecurityPolicy: z.string().optional(),
  contentDispositionType: z.string().default('attachment'),
});

/** What the platform may do with images. */
export type ImagesConfig = z.output<typeof imagesConfig>;

/** What a request for an image gets: the image at a path of the deployment, or a refusal. */
export type ImageDecision =
  | { readonly kind: 'image'; readonly path: string; readonly headers: Readonly<Record<string, string>> }
  | { readonly kind: 'refused'; readonly code: 'INVALID_IMAGE_OPTIMIZE_REQUEST' };

/** Returns what a request for `/_next/image` or `/_vercel/image` gets; undefined for every other. Images are served in their own size and format. */
export function decideImage(config: ImagesConfig | undefined, request: IncomingMessage): ImageDecision | undefined {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
  if (!config || (pathname !== '/_next/image' && pathname !== '/_vercel/image')) return undefined;
  const source = searchParams.get('url') ?? '';
  const quality = Number(searchParams.get('q'));
  const isAllowed =
    config.sizes.includes(Number(searchParams.get('w'))) &&
    Number.isInteger(quality) &&
    quality >= 1 &&
    quality <= 100 &&
    (config.qualities?.includes(quality) ?? true) &&
    /^\/(?!\/)/.test(source);
  if (!isAllowed) return { kind: 'refused', code: 'INVALID_IMAGE_OPTIMIZE_REQUEST' };
  const image = new URL(source, 'http://localhost');
  const path = decodePath(image.pathname);
  const patterns = config.localPatterns;
  const matches = patterns?.some(
    (one) => new RegExp(one.pathname ?? '').test(image.pathname) && (one.search === undefined || one.search === image.search),
  );
  const type = contentTypeOf(path);
  const isShown = type.startsWith('image/') && (type !== 'image/svg+xml' || config.dangerouslyAllowSVG);
  if (matches === false || !isShown) return { kind: 'refused', code: 'INVALID_IMAGE_OPTIMIZE_REQUEST' };
  return {
    kind: 'image',
    path,
    headers: {
      'cache-control': 'public, max-age=0, must-revalidate',
      'content-disposition': config.contentDispositionType,
      vary: 'Accept',
      ...(config.contentSecurityPolicy === undefined ? {} : { 'content-security-policy': config.contentSecurityPolicy }),
    },
  };
}
