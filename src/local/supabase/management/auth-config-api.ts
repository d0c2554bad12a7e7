import type { Hono } from 'hono';
import { z } from 'zod';
import type { Project } from '../project.ts';
import { projectOf, type ManagementOptions } from './context.ts';
import { authSettingTypes, type AuthSettingType } from './auth-setting-names.ts';
import { body, ManagementError } from './management-error.ts';

const changeBody = z.record(z.string(), z.unknown());

const passwordAlphabets = ['abcdefghijklmnopqrstuvwxyz', 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', '0123456789'];

/** Values that a setting can only have (OpenAPI file of 2026-06-01). */
const choices: Readonly<Record<string, readonly string[]>> = {
  db_max_pool_size_unit: ['connections', 'percent'],
  security_captcha_provider: ['turnstile', 'hcaptcha'],
  sms_provider: ['messagebird', 'textlocal', 'twilio', 'twilio_verify', 'vonage'],
};

/** Defaults that are neither false nor null. Of these Auth follows those that `auth-settings.ts` names. */
const defaults: Readonly<Record<string, unknown>> = {
  api_max_request_duration: 10,
  custom_oauth_max_providers: 0,
  external_email_enabled: true,
  jwt_exp: 3600,
  mailer_autoconfirm: true,
  mailer_otp_exp: 3600,
  mailer_otp_length: 6,
  mailer_secure_email_change_enabled: true,
  mailer_subjects_confirmation: 'Confirm Your Signup',
  mailer_subjects_email_change: 'Confirm Email Change',
  mailer_subjects_invite: 'You have been invited',
  mailer_subjects_magic_link: 'Your Magic Link',
  mailer_subjects_reauthentication: 'Confirm Reauthentication',
  mailer_subjects_recovery: 'Reset Your Password',
  mfa_max_enrolled_factors: 10,
  mfa_phone_max_frequency: 5,
  mfa_phone_otp_length: 6,
  mfa_totp_enroll_enabled: true,
  mfa_totp_verify_enabled: true,
  password_min_length: 6,
  password_required_characters: '',
  rate_limit_anonymous_users: 30,
  rate_limit_email_sent: 2,
  rate_limit_otp: 30,
  rate_limit_sms_sent: 30,
  rate_limit_token_refresh: 150,
  rate_limit_verify: 30,
  rate_limit_web3: 30,
  refresh_token_rotation_enabled: true,
  security_refresh_token_reuse_interval: 10,
  sessions_inactivity_timeout: 0,
  sessions_timebox: 0,
  site_url: 'http://localhost:3000',
  sms_max_frequency: 5,
  sms_otp_exp: 60,
  sms_otp_length: 6,
  sms_provider: 'twilio',
  sms_template: 'Your code is {{ .Code }}',
  smtp_max_frequency: 60,
  uri_allow_list: '',
};

/** Adds the settings of Auth. */
export function addAuthConfig(app: Hono, options: ManagementOptions): void {
  const types = authSettingTypes();
  app.get('/v1/projects/:ref/config/auth', (c) => c.json(authConfig(types, projectOf(options, c))));
  app.patch('/v1/projects/:ref/config/auth', async (c) => {
    const { ref, settings } = projectOf(options, c);
    const wanted = await body(c, changeBody);
    for (const [name, value] of Object.entries(wanted)) assertSetting(types.get(name), name, value);
    const changed = await options.projects.change(ref, { settings: { ...settings, auth: { ...settings.auth, ...wanted } } });
    return c.json(authConfig(types, changed));
  });
}

function authConfig(types: ReadonlyMap<string, AuthSettingType>, project: Project): Record<string, unknown> {
  const stored = project.settings.auth ?? {};
  return Object.fromEntries(
    [...types].map(([name, type]) => [name, stored[name] ?? defaults[name] ?? (type === 'boolean' ? false : null)]),
  );
}

function assertSetting(type: AuthSettingType | undefined, name: string, value: unknown): void {
  if (type === undefined) throw new ManagementError(400, `${name}: is no setting of Auth`);
  const isOfType = type === 'integer' ? Number.isInteger(value) : typeof value === type;
  if (value !== null && !isOfType) throw new ManagementError(400, `${name}: must be of type ${type}`);
  const allowed = name === 'password_required_characters' ? passwordRules() : choices[name];
  if (allowed !== undefined && value !== null && !allowed.some((choice) => choice === value))
    throw new ManagementError(400, `${name}: must be one of ${allowed.join(', ')}`);
  if (name === 'password_min_length' && typeof value === 'number' && (value < 6 || value > 72))
    throw new ManagementError(400, 'password_min_length: must be from 6 to 72');
  if (name === 'jwt_exp' && typeof value === 'number' && (value < 0 || value > 604_800))
    throw new ManagementError(400, 'jwt_exp: must be from 0 to 604800');
}

/** Letters and digits; lower, upper and digits; with symbols; or nothing. */
function passwordRules(): readonly string[] {
  const [lower = '', upper = '', digits = ''] = passwordAlphabets;
  const threeKinds = `${lower}:${upper}:${digits}`;
  return ['', `${lower}${upper}:${digits}`, threeKinds, `${threeKinds}:!@#$%^&*()_+-=[]{};'\\\\:"|<>?,./\`~`];
}
