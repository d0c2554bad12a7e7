import type { RequestListener, Server } from 'node:http';
import { getRequestListener, type HttpBindings } from '@hono/node-server';
import { inspectRoutes } from 'hono/dev';
import { Hono } from 'hono';
import type { LocalRoute } from '../../core/local/faults.ts';
import type { FetchApp } from '../service.ts';
import { answerMet } from './answer-met.ts';
import { createFaultBook, type FaultBook } from './fault-book.ts';
import { createLedger, type Ledger, type Place } from './ledger.ts';

/** What every request to an emulated vendor passes: the ledger that counts it, and the faults that it may meet. */
export interface Traffic {
  readonly ledger: Ledger;
  readonly faults: FaultBook;
  /** Returns the way to one interface; `onAnswer` is told of its own answers, before a fault can change them. */
  door(place: Place, onAnswer?: (request: Request, response: Response) => Promise<void> | void): Door;
  /** Returns the endpoints of everything that was ever listened for, once each. */
  routes(): readonly LocalRoute[];
  /** Returns the services that can be asked. */
  services(): readonly string[];
}

/** The way to one interface of a vendor. */
export interface Door {
  /** Returns what a server answers requests with. */
  listen(app: FetchApp): RequestListener;
  /** Counts a server's WebSockets, which reach no router; `paths` are listed as routes. */
  upgrades(server: Server, path: string): void;
}

/** Name of the handlers that only refuse what the ones before them did not take: no endpoints. */
const refusal = 'notEmulated';

/** Returns the way in for one local cloud. */
export function createTraffic(): Traffic {
  const ledger = createLedger();
  const faults = createFaultBook();
  const known = new Map<string, LocalRoute>();
  const services = new Set<string>();
  const learn = ({ service, part }: Place, method: string, path: string) =>
    known.set(`${service} ${part} ${method} ${path}`, { service, part, method, path });

  const door: Traffic['door'] = (place, onAnswer) => ({
    listen: (app) => {
      services.add(place.service);
      if (app instanceof Hono)
        for (const { method, path, name, isMiddleware } of inspectRoutes(app))
          if (!isMiddleware && name !== refusal) learn(place, method === 'ALL' ? '*' : method, path);
      return listener(place, onAnswer === undefined ? app : observed(app, onAnswer), ledger, faults);
    },
    upgrades: (server, path) => {
      learn(place, 'GET', path);
      server.on('upgrade', (request) => ledger.upgraded(place, request));
    },
  });
  return {
    ledger,
    faults,
    door,
    routes: () => [...known.values()].toSorted(byPlace),
    services: () => [...services],
  };
}

/** Returns a listener without ledger and faults, for a server of its own. */
export function plainListener(app: FetchApp): RequestListener {
  const listen = getRequestListener((request, env) => app.fetch(request, env), { overrideGlobalObjects: false });
  return (request, response) => void listen(request, response);
}

function listener(place: Place, app: FetchApp, ledger: Ledger, faults: FaultBook): RequestListener {
  const met = new WeakMap<object, readonly string[]>();
  const answer = (request: Request, env: HttpBindings): Response | Promise<Response> => {
    const { method } = request;
    const path = (env.incoming.url ?? '').split('?')[0] ?? '';
    const meeting = faults.meet({ service: place.service, method, path });
    if (meeting) met.set(env.outgoing, meeting.ids);
    if (faults.isEmpty()) return app.fetch(request, env);
    const own = async () => {
      const response = await app.fetch(request, env);
      if (response.ok && method !== 'GET' && method !== 'HEAD') faults.wrote(place.service);
      return response;
    };
    return meeting ? answerMet({ place, path, request, env, own }, meeting) : own();
  };
  const listen = getRequestListener(
    (request, env) => {
      if (!('incoming' in env) || !isHttp1(env)) return app.fetch(request, env);
      return answer(request, env);
    },
    { overrideGlobalObjects: false },
  );
  return (request, response) => {
    ledger.watch(place, request, response, () => met.get(response) ?? []);
    void listen(request, response);
  };
}

function observed(app: FetchApp, onAnswer: (request: Request, response: Response) => Promise<void> | void): FetchApp {
  return {
    fetch: async (request, env) => {
      const response = await app.fetch(request, env);
      await onAnswer(request, response);
      return response;
    },
  };
}

function isHttp1(env: object): env is HttpBindings {
  return 'outgoing' in env;
}

function byPlace(left: LocalRoute, right: LocalRoute): number {
  const text = ({ service, part, path, method }: LocalRoute) => `${service} ${part} ${path} ${method}`;
  return text(left) < text(right) ? -1 : 1;
}
