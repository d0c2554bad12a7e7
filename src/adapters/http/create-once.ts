import { VendorError } from './api-error.ts';

/**
 * Creates a thing that must exist once. When the vendor's answer leaves open whether the call took effect (a 5xx, a connection
 * cut after sending), looks for the thing with `find` and returns that; otherwise throws what `create` threw.
 */
export async function createOnce<Thing>(create: () => Promise<Thing>, find: () => Promise<Thing | undefined>): Promise<Thing> {
  try {
    return await create();
  } catch (error) {
    if (!(error instanceof VendorError) || !error.outcomeUnknown) throw error;
    // When the look-up fails as well, the first error is the one that says what happened.
    const found = await find().catch(() => undefined);
    if (found === undefined) throw error;
    return found;
  }
}
