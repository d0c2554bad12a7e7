import type { Redactor } from '../core/redaction.ts';
import type { RunReport } from '../core/report.ts';
import { renderReportText } from './report-text.ts';
import { renderReportJson } from './json.ts';
import type { TextView } from './paint.ts';

/** What a report can be rendered as. */
export const reportFormats = ['text', 'json', 'junit', 'md', 'html'] as const;

/** A format of a report. */
export type ReportFormat = (typeof reportFormats)[number];

/** Returns a report in a format; what a format needs is loaded when it is asked for. */
export async function renderReport(report: RunReport, format: ReportFormat, redact: Redactor, view: TextView): Promise<string> {
  switch (format) {
    case 'text':
      return renderReportText(report, { ...view, redact });
    case 'json':
      return renderReportJson(report, redact);
    case 'junit': {
      const { renderReportJunit } = await import('./junit.ts');
      return renderReportJunit(report, redact);
    }
    case 'md': {
      const { renderReportMarkdown } = await import('./markdown.ts');
      return renderReportMarkdown(report, redact);
    }
    case 'html': {
      const { renderReportHtml } = await import('./html/report.ts');
      return renderReportHtml(report, redact);
    }
  }
}
