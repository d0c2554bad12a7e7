import { randomHex } from '../issued.ts';
import { isFields, textIn, textsIn } from '../requests.ts';
import type { Collection } from '../store.ts';
import { ClerkError } from './error.ts';

/** A user of an instance. Times are milliseconds since 1970. */
export interface ClerkUser {
  readonly id: string;
  readonly emails: readonly { readonly id: string; readonly address: string }[];
  readonly username: string | null;
  readonly firstName: string | null;
  readonly lastName: string | null;
  readonly externalId: string | null;
  readonly hasPassword: boolean;
  readonly publicMetadata: Readonly<Record<string, unknown>>;
  readonly privateMetadata: Readonly<Record<string, unknown>>;
  readonly unsafeMetadata: Readonly<Record<string, unknown>>;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** Makes a user of the fields that `POST /v1/users` takes; throws what the vendor refuses. */
export function newUser(fields: Readonly<Record<string, unknown>>, others: Collection<ClerkUser>, now: number): ClerkUser {
  const addresses = textsIn(fields, 'email_address');
  const password = textIn(fields, 'password');
  if (addresses.length === 0) {
    throw new ClerkError(422, 'form_data_missing', 'missing data', { long: 'One of email_address is required.', param: 'email_address' });
  }
  for (const address of addresses) checkAddress(address, others);
  if (password !== undefined && password.length < 8) {
    throw new ClerkError(422, 'form_password_length_too_short', 'Passwords must be 8 characters or more.', { param: 'password' });
  }
  const externalId = textIn(fields, 'external_id') ?? null;
  if (externalId !== null && others.all().some((user) => user.externalId === externalId)) {
    throw new ClerkError(422, 'form_identifier_exists', 'That external ID is taken. Please try another.', { param: 'external_id' });
  }
  return {
    id: `user_${randomHex(14)}`,
    emails: addresses.map((address) => ({ id: `idn_${randomHex(14)}`, address })),
    externalId,
    hasPassword: password !== undefined,
    ...changesOf(fields, { username: null, firstName: null, lastName: null, publicMetadata: {}, privateMetadata: {}, unsafeMetadata: {} }),
    createdAt: now,
    updatedAt: now,
  };
}

type Changeable = Pick<ClerkUser, 'username' | 'firstName' | 'lastName' | 'publicMetadata' | 'privateMetadata' | 'unsafeMetadata'>;

/** Returns what the fields say of names and metadata, and what was before where they say nothing. */
export function changesOf(fields: Readonly<Record<string, unknown>>, before: Changeable): Changeable {
  const metadata = (name: string, old: Readonly<Record<string, unknown>>) => {
    const value = fields[name];
    return isFields(value) ? value : old;
  };
  return {
    username: textIn(fields, 'username') ?? before.username,
    firstName: textIn(fields, 'first_name') ?? before.firstName,
    lastName: textIn(fields, 'last_name') ?? before.lastName,
    publicMetadata: metadata('public_metadata', before.publicMetadata),
    privateMetadata: metadata('private_metadata', before.privateMetadata),
    unsafeMetadata: metadata('unsafe_metadata', before.unsafeMetadata),
  };
}

function checkAddress(address: string, others: Collection<ClerkUser>): void {
  if (!/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(address)) {
    throw new ClerkError(422, 'form_param_format_invalid', 'is invalid', {
      long: 'Email address must be a valid email address.',
      param: 'email_address',
    });
  }
  if (others.all().some((user) => user.emails.some((email) => email.address.toLowerCase() === address.toLowerCase()))) {
    throw new ClerkError(422, 'form_identifier_exists', 'That email address is taken. Please try another.', { param: 'email_address' });
  }
}

/** Returns a user as the Backend API shows it (the fields that `@clerk/backend` 3.25 reads). */
export function userAnswer(user: ClerkUser) {
  return {
    id: user.id,
    object: 'user',
    username: user.username,
    first_name: user.firstName,
    last_name: user.lastName,
    locale: null,
    image_url: '',
    has_image: false,
    primary_email_address_id: user.emails[0]?.id ?? null,
    primary_phone_number_id: null,
    primary_web3_wallet_id: null,
    password_enabled: user.hasPassword,
    two_factor_enabled: false,
    totp_enabled: false,
    backup_code_enabled: false,
    email_addresses: user.emails.map(({ id, address }) => ({
      id,
      object: 'email_address',
      email_address: address,
      reserved: false,
      verification: { status: 'verified', strategy: 'admin', attempts: null, expire_at: null },
      linked_to: [],
      created_at: user.createdAt,
      updated_at: user.createdAt,
    })),
    phone_numbers: [],
    web3_wallets: [],
    external_accounts: [],
    enterprise_accounts: [],
    external_id: user.externalId,
    public_metadata: user.publicMetadata,
    private_metadata: user.privateMetadata,
    unsafe_metadata: user.unsafeMetadata,
    last_sign_in_at: null,
    banned: false,
    locked: false,
    lockout_expires_in_seconds: null,
    verification_attempts_remaining: 100,
    created_at: user.createdAt,
    updated_at: user.updatedAt,
    delete_self_enabled: true,
    create_organization_enabled: true,
    last_active_at: null,
    legal_accepted_at: null,
  };
}
