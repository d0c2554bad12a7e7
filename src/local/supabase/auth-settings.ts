/** Settings of Auth that the local cloud follows; the others are stored only. */
export interface AuthSettings {
  readonly disableSignup: boolean;
  readonly emailEnabled: boolean;
  /** New users are confirmed at once. The platform's default is false; here no mail is sent, so it is true. */
  readonly autoconfirm: boolean;
  readonly passwordMinLength: number;
  readonly accessTokenSeconds: number;
}

/** Returns the settings that Auth follows, from what is stored of them. */
export function authSettings(stored: Readonly<Record<string, unknown>>): AuthSettings {
  const flag = (name: string, otherwise: boolean) => (typeof stored[name] === 'boolean' ? stored[name] : otherwise);
  const number = (name: string, otherwise: number) => (typeof stored[name] === 'number' ? stored[name] : otherwise);
  return {
    disableSignup: flag('disable_signup', false),
    emailEnabled: flag('external_email_enabled', true),
    autoconfirm: flag('mailer_autoconfirm', true),
    passwordMinLength: number('password_min_length', 6),
    accessTokenSeconds: number('jwt_exp', 3600),
  };
}
