import type { Clock } from '../reconcile/ports/clock.ts'
import type { Log } from '../reconcile/ports/log.ts'
import { aroundCalls } from './around.ts'
import { type Call, NotSentError, type Provider, ProviderError } from './port.ts'
import { untilAborted } from './until-aborted.ts'

/**
 * A provider whose every call ends by its deadline, fails with a `ProviderError` only, and leaves a span in the
 * log. What nobody classified is `unknown`, which never means absent.
 */
export const boundCalls = (
  provider: Provider,
  deps: { readonly clock: Clock; readonly log: Log },
): Provider => {
  const bound = async <T>(name: string, call: Call, work: () => Promise<T>, grant?: string): Promise<T> => {
    const began = deps.clock.now()
    const span = (outcome: string, fields: Readonly<Record<string, unknown>> = {}) =>
      deps.log.info('provider call', {
        provider: provider.name,
        call: name,
        ...(grant === undefined ? {} : { grant }),
        ...(call.attempt === undefined ? {} : { attempt: call.attempt }),
        ms: deps.clock.now() - began,
        outcome,
        ...fields,
      })
    try {
      const answer = await untilDeadline(provider.name, name, call, work)
      span('ok')
      return answer
    } catch (error) {
      const fault = classified(provider.name, name, error)
      span(fault.kind, { why: fault.message })
      throw fault
    }
  }
  return aroundCalls(provider, ({ name, call, grant }, work) => bound(name, call, work, grant))
}

const untilDeadline = async <T>(
  provider: string,
  name: string,
  { signal }: Call,
  work: () => Promise<T>,
): Promise<T> => {
  // A call that was never sent cannot have happened.
  if (signal.aborted) throw new NotSentError(`${provider} ${name} came when its time was up`)
  return untilAborted(
    signal,
    work,
    () => new ProviderError('unknown', `${provider} did not answer ${name} in time`),
  )
}

const classified = (provider: string, name: string, error: unknown): ProviderError =>
  error instanceof ProviderError
    ? error
    : new ProviderError(
        'unknown',
        `${provider} ${name} failed: ${error instanceof Error ? error.message : error}`,
        {
          cause: error,
        },
      )
