import type { Context, Hono } from 'hono';
import { z } from 'zod';
import type { Project, RestorePoint } from '../project.ts';
import { activeProjectOf, projectOf, type ManagementOptions } from './context.ts';
import { body, ManagementError } from './management-error.ts';

const nameBody = z.object({ name: z.string().min(1).max(20) });
const idBody = z.object({ id: z.number().int() });

/**
 * Adds backups. A restore point is a physical copy of the project's database, and every one is a backup in the list. There is no
 * archive of the write-ahead log, so that no other time can be restored, and none is promised.
 */
export function addBackups(app: Hono, options: ManagementOptions): void {
  app.get('/v1/projects/:ref/database/backups', (c) => c.json(backupList(projectOf(options, c))));
  app.post('/v1/projects/:ref/database/backups/restore-point', async (c) => {
    const project = activeProjectOf(options, c);
    const { name } = await body(c, nameBody);
    if (find(project, name) !== undefined) throw new ManagementError(409, `Restore point ${name} exists already`);
    return c.json(pointAnswer(await options.projects.addRestorePoint(project.ref, name)), 201);
  });
  app.get('/v1/projects/:ref/database/backups/restore-point', (c) => {
    const project = projectOf(options, c);
    const name = c.req.query('name');
    const point = name === undefined ? project.restorePoints.at(-1) : find(project, name);
    if (point === undefined) throw new ManagementError(404, `Restore point ${name ?? ''} not found`);
    return c.json(pointAnswer(point));
  });
  addRestoring(app, options);
}

function addRestoring(app: Hono, options: ManagementOptions): void {
  const undoTo = async (c: Context, project: Project, point: RestorePoint | undefined) => {
    if (point?.status !== 'AVAILABLE') throw new ManagementError(404, 'There is no such restore point, or it is not available');
    await options.projects.undoTo(project.ref, point);
    return c.body(null, 201);
  };
  app.post('/v1/projects/:ref/database/backups/undo', async (c) => {
    const project = activeProjectOf(options, c);
    const { name } = await body(c, nameBody);
    return undoTo(c, project, find(project, name));
  });
  app.post('/v1/projects/:ref/database/backups/restore', async (c) => {
    const project = activeProjectOf(options, c);
    const { id } = await body(c, idBody);
    return undoTo(
      c,
      project,
      project.restorePoints.find((point) => point.number === id),
    );
  });
  app.post('/v1/projects/:ref/database/backups/restore-pitr', (c) => {
    activeProjectOf(options, c);
    throw new ManagementError(400, 'PITR is not enabled for this project: the local cloud restores restore points (POST …/backups/undo)');
  });
}

function find(project: Project, name: string): RestorePoint | undefined {
  return project.restorePoints.find((point) => point.name === name);
}

function pointAnswer(point: RestorePoint) {
  return { name: point.name, status: point.status, completed_on: point.completedAt };
}

function backupList(project: Project) {
  const made = project.restorePoints.filter((point) => point.status === 'AVAILABLE');
  const unix = (point: RestorePoint | undefined) => (point === undefined ? undefined : Math.floor(Date.parse(point.createdAt) / 1000));
  return {
    region: project.region,
    walg_enabled: true,
    pitr_enabled: false,
    backups: project.restorePoints.map((point) => ({
      id: point.number,
      is_physical_backup: true,
      status: point.status === 'AVAILABLE' ? 'COMPLETED' : point.status,
      inserted_at: point.createdAt,
    })),
    physical_backup_data: {
      earliest_physical_backup_date_unix: unix(made[0]),
      latest_physical_backup_date_unix: unix(made.at(-1)),
    },
  };
}
