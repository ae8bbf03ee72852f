import type { z } from 'zod'
import { problemSchema } from './api.ts'
import { carriable } from './carriable.ts'
import type { CliDeps } from './deps.ts'
import { Failure } from './failure.ts'
import { type Args, text } from './verb.ts'

/** Calls of the service's API; answers in shape, or throws `Failure`. */
export type Client = {
  readonly server: string
  readonly token: string | undefined
  get<T extends z.ZodType>(
    path: string,
    schema: T,
    query?: Readonly<Record<string, string | undefined>>,
    /** Nobody waits for the answer any more. */
    over?: AbortSignal,
  ): Promise<z.output<T>>
  post<T extends z.ZodType>(path: string, schema: T, body?: unknown): Promise<z.output<T>>
  /** Without a token and whatever its status: for health. */
  look<T extends z.ZodType>(path: string, schema: T): Promise<z.output<T>>
}

type Answer = {
  readonly ok: boolean
  readonly status: number
  readonly text: string
  /** Seconds after which to ask again. */
  readonly again: number
}

const patienceMs = 30_000
/** So often it is asked again where somebody else is being answered, in seconds between them at most. */
const busy = { most: 30, longest: 5 }

/** From --server and --token, else GITSUDO_SERVER and GITSUDO_TOKEN; without a token the last `gitsudo login` there. */
export function clientFor(
  deps: Pick<CliDeps, 'fetch' | 'env' | 'clock' | 'logins' | 'sleep'>,
  args: Args,
): Client {
  const server = secureAddress(
    text(args, 'server') ?? (deps.env.GITSUDO_SERVER || 'http://127.0.0.1:8080'),
    'a service',
  )
  const given = text(args, 'token') ?? (deps.env.GITSUDO_TOKEN || undefined)
  const login = given === undefined ? deps.logins.of(server) : undefined
  const ended =
    login?.expiresAt !== undefined && login.expiresAt <= deps.clock.now() ? login.expiresAt : undefined
  const token = given ?? (ended === undefined ? login?.token : undefined)
  const from =
    text(args, 'token') !== undefined ? '--token' : given === undefined ? deps.logins.file : 'GITSUDO_TOKEN'

  const call = async (
    method: string,
    path: string,
    headers: Record<string, string>,
    body?: unknown,
    over?: AbortSignal,
  ): Promise<Answer> => {
    let answering = false
    const patience = AbortSignal.timeout(patienceMs)
    try {
      const response = await deps.fetch(`${server}${path}`, {
        method,
        headers: {
          ...headers,
          accept: 'application/json',
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        redirect: 'error',
        signal: over === undefined ? patience : AbortSignal.any([patience, over]),
      })
      answering = true
      const again = Number(response.headers.get('retry-after')) || 1
      return { ok: response.ok, status: response.status, text: await response.text(), again }
    } catch (cause) {
      const why =
        cause instanceof Error && cause.name === 'TimeoutError'
          ? `did not answer within ${patienceMs / 1_000} s`
          : answering
            ? 'broke off its answer'
            : 'cannot be reached'
      throw new Failure(
        'unknown',
        `gitsudo at ${server} ${why}.`,
        'check --server or GITSUDO_SERVER, and that the service runs',
        { cause },
      )
    }
  }
  const authorised = async <T extends z.ZodType>(
    method: string,
    path: string,
    schema: T,
    body?: unknown,
    over?: AbortSignal,
  ): Promise<z.output<T>> => {
    if (token === undefined)
      throw new Failure(
        'usage',
        ended === undefined
          ? `No token is given, and nobody is signed in at ${server}.`
          : `Your sign-in at ${server} ended at ${new Date(ended).toISOString()}.`,
        'run gitsudo login, or set GITSUDO_TOKEN',
      )
    const authorization = `Bearer ${carriable(token, from)}`
    const ask = () => call(method, path, { authorization }, body, over)
    let said = await ask()
    for (let n = 0; said.status === 429 && n < busy.most && over?.aborted !== true; n += 1) {
      await deps.sleep(Math.min(said.again, busy.longest) * 1000, over)
      said = await ask()
    }
    const { ok, status, text } = said
    const answer = jsonOf(text, status, server)
    if (!ok) throw refusal(status, answer, server)
    return inShape(schema, answer, server)
  }

  return {
    server,
    token,
    get: (path, schema, query = {}, over) => {
      const search = new URLSearchParams(
        Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined),
      )
      return authorised('GET', search.size === 0 ? path : `${path}?${search}`, schema, undefined, over)
    },
    post: (path, schema, body) => authorised('POST', path, schema, body),
    async look(path, schema) {
      const { text, status } = await call('GET', path, {})
      return inShape(schema, jsonOf(text, status, server), server)
    },
  }
}

/** An address that nobody listens in on, without a slash at its end. Throws `Failure`. */
export function secureAddress(address: string, of: 'a service' | 'GitHub'): string {
  const url = URL.canParse(address) ? new URL(address) : undefined
  if (url === undefined || !['http:', 'https:'].includes(url.protocol))
    throw new Failure(
      'usage',
      `${JSON.stringify(address)} is no address of ${of}.`,
      of === 'GitHub' ? 'check github.git_url of the service' : 'write --server https://HOST',
    )
  if (url.protocol === 'http:' && !/^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname))
    throw new Failure('usage', `${address} would send your token without TLS.`, 'write https://')
  return url.href.replace(/\/+$/, '')
}

function jsonOf(text: string, status: number, server: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new Failure(
      'unknown',
      `What answers at ${server} is not gitsudo (HTTP ${status}).`,
      'check --server or GITSUDO_SERVER',
      { cause },
    )
  }
}

function inShape<T extends z.ZodType>(schema: T, answer: unknown, server: string): z.output<T> {
  const outcome = schema.safeParse(answer)
  if (outcome.success) return outcome.data
  throw new Failure(
    'unknown',
    `gitsudo at ${server} answered in a shape that this version does not know.`,
    'use the same version of gitsudo on both sides',
    { cause: outcome.error },
  )
}

function kindOf(status: number): Failure['kind'] {
  if (status >= 500 || status === 429) return 'unknown'
  return status === 400 ? 'usage' : status === 404 ? 'absent' : 'refused'
}

function refusal(status: number, answer: unknown, server: string): Failure {
  const problem = problemSchema.safeParse(answer)
  if (!problem.success)
    return new Failure(
      'unknown',
      `What answers at ${server} is not gitsudo (HTTP ${status}).`,
      'check --server or GITSUDO_SERVER',
    )
  const { detail, remedy, instance } = problem.data
  return new Failure(
    kindOf(status),
    detail,
    status >= 500 && instance !== undefined ? `${remedy ?? 'try again'} (${instance})` : remedy,
  )
}
