import type { DriftDetails } from '../core/drift/drift.ts';
import type { LocalStatus } from '../core/local/endpoints.ts';
import type { FileChange } from '../core/files/generated.ts';
import type { Fault, LedgerReport, LocalRoute } from '../core/local/faults.ts';
import type { GateLedger } from '../core/gate/ledger.ts';
import type { Plan } from '../core/plan/model.ts';
import type { SecretPlace } from '../core/secrets/secrets.ts';
import type { MigrationsStatus } from '../core/migrate/status.ts';
import type { EnvironmentStatus } from '../core/status.ts';
import type { VariableDifference } from '../core/variables/diff.ts';
import type { StageResult } from '../core/verdict.ts';
import { renderDriftText } from './drift-text.ts';
import { renderEnvCheckText, renderVariablesText } from './env-text.ts';
import { renderGateMarkdown } from './gate-markdown.ts';
import { renderStageText } from './human.ts';
import { renderFilesText, renderSecretLines } from './files-text.ts';
import { renderFaultsText, renderLedgerText, renderRoutesText } from './local-text.ts';
import { type TextView } from './paint.ts';
import { renderPlanText } from './plan-text.ts';
import { renderSecretsText } from './secrets-text.ts';
import { renderRollbackText, type ShownRollback } from './rollback-text.ts';
import { renderIsolationText } from './isolation-text.ts';
import { renderCommentText } from './comment-text.ts';
import { renderMigrationsText } from './migrations-text.ts';
import { renderLocalStatusText, renderStatusText } from './status-text.ts';
import { renderDoctorText } from './doctor-text.ts';

/** Results for people on stdout; nothing with `--json`. */
export interface Results {
  stage(result: StageResult): void;
  doctor(result: StageResult): void;
  isolation(result: StageResult): void;
  /** Prints a preview as Markdown for a comment. */
  comment(result: StageResult): void;
  /** Prints a ledger as Markdown for a pull request. */
  ledgerMarkdown(result: StageResult<GateLedger>): void;
  drift(result: StageResult<DriftDetails>): void;
  plan(plan: Plan): void;
  rollback(plan: ShownRollback): void;
  status(status: EnvironmentStatus, choice: { readonly all: boolean }): void;
  migrations(status: MigrationsStatus): void;
  localStatus(status: LocalStatus): void;
  variables(variables: readonly VariableDifference[]): void;
  secrets(places: readonly SecretPlace[]): void;
  envCheck(checked: Parameters<typeof renderEnvCheckText>[0]): void;
  faults(faults: readonly Fault[]): void;
  ledger(report: LedgerReport): void;
  routes(routes: readonly LocalRoute[]): void;
  files(changes: readonly FileChange[]): void;
  secretLines(secrets: readonly string[], variables: readonly string[]): void;
  line(text: string): void;
}

/** Returns what prints results for people, each a text laid out for the terminal behind stdout. */
export function results(out: (render: (view: TextView) => string) => void) {
  return {
    stage: (result) => out((page) => renderStageText(result, page)),
    doctor: (result) => out((page) => renderDoctorText(result.findings, page)),
    isolation: (result) => out((page) => renderIsolationText(result, page)),
    comment: (result) => out((page) => renderCommentText(result, page)),
    ledgerMarkdown: (result) => out((page) => renderGateMarkdown(result, page)),
    drift: (result) => out((page) => renderDriftText(result, page)),
    plan: (plan) => out((page) => renderPlanText(plan, page)),
    rollback: (plan) => out((page) => renderRollbackText(plan, page)),
    status: (status, choice) => out((page) => renderStatusText(status, { ...page, ...choice })),
    migrations: (status) => out((page) => renderMigrationsText(status, page)),
    localStatus: (status) => out((page) => renderLocalStatusText(status, page)),
    variables: (variables) => out((page) => renderVariablesText(variables, page)),
    secrets: (places) => out((page) => renderSecretsText(places, page)),
    envCheck: (checked) => out((page) => renderEnvCheckText(checked, page)),
    faults: (faults) => out((page) => renderFaultsText(faults, page)),
    ledger: (report) => out((page) => renderLedgerText(report, page)),
    routes: (routes) => out((page) => renderRoutesText(routes, page)),
    files: (changes) => out((page) => renderFilesText(changes, page)),
    secretLines: (secrets, variables) => out(() => renderSecretLines(secrets, variables)),
    line: (text) => out(() => `${text}\n`),
  } satisfies Results;
}
