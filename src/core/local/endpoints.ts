/** An instance of the emulated Clerk. */
export interface ClerkEndpoint {
  readonly apiUrl: string;
  readonly secretKey: string;
  readonly publishableKey: string;
}

/** Where the small vendors answer, and the credentials that they issued for themselves. */
export interface SideEndpoints {
  readonly clerk: ClerkEndpoint;
  /** Production's own instance, live. */
  readonly clerkProduction: ClerkEndpoint;
  readonly slack: { readonly apiUrl: string; readonly botToken: string; readonly webhookUrl: string };
  readonly sentry: {
    readonly url: string;
    readonly dsn: string;
    readonly authToken: string;
    readonly organization: string;
    readonly project: string;
  };
  readonly github: { readonly apiUrl: string; readonly token: string; readonly repository: string };
  /** A DNS server (UDP and TCP), and where its records are set. */
  readonly dns: { readonly host: string; readonly port: number; readonly recordsUrl: string; readonly token: string };
}

/** Where a running local cloud answers, and the credentials that it issued for itself. */
export interface LocalEndpoints {
  readonly vercel: { readonly apiUrl: string; readonly token: string; readonly teamId: string };
  readonly supabase: { readonly apiUrl: string; readonly accessToken: string; readonly organization: string };
  readonly upstash: { readonly apiUrl: string; readonly email: string; readonly apiKey: string };
  /** Clerk, Slack, Sentry, GitHub and DNS; missing in a daemon that an older version started. */
  readonly beside?: SideEndpoints | undefined;
  /** Answers for every deployment and every domain by the request's Host header. */
  readonly gateway: {
    readonly host: string;
    readonly port: number;
    /** The same by https and wss, with certificates of the local cloud's own authority. */
    readonly tlsPort: number;
    /** That authority's certificate: who trusts it trusts these. */
    readonly caFile: string;
  };
  /** The control interface: status, stop. */
  readonly control: { readonly url: string; readonly token: string };
  /** A loopback port of its own for each project domain; it serves the domain whatever the Host header says. */
  readonly domains: Readonly<Record<string, number>>;
  /** The daemon's process. */
  readonly pid: number;
}

/** State of one part of the local cloud, as `status` shows it. */
export interface LocalServiceStatus {
  readonly name: string;
  readonly state: 'running' | 'down' | 'absent';
  /** Why it is not running. */
  readonly detail?: string | undefined;
}

/** What `status` says of the local cloud. */
export interface LocalStatus {
  readonly running: boolean;
  readonly pid?: number | undefined;
  /** ISO 8601 UTC. */
  readonly startedAt?: string | undefined;
  readonly services: readonly LocalServiceStatus[];
  readonly endpoints?: LocalEndpoints | undefined;
}
