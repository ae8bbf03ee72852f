import { ProviderError } from '../port.ts'

export type MockCall =
  | 'inspect'
  | 'ensure'
  | 'remove'
  | 'credentials'
  | 'list'
  | 'cutBack'
  | 'discard'
  | 'check'

/**
 * What one call meets. `lost`: it takes effect, its answer never arrives. `stale`: its reads show the cloud as it
 * was before the last write, for as long as the mock says that reads may lag. `hang`: no answer until the caller gives up.
 * `away`: one place alone cannot be read.
 */
export type Fault =
  | { readonly kind: 'throttled'; readonly retryAfter?: number }
  | { readonly kind: 'conflict' | 'forbidden' | 'invalid' | 'unavailable' | 'hang' | 'lost' | 'stale' }
  | { readonly kind: 'away'; readonly place: string }

/** Asked before each call which fault it meets, if any. */
export type Faults = (call: MockCall) => Fault | undefined

/** Faults to be met by the next calls, in order, each by the first call it is meant for. */
export const createFaults = () => {
  let planned: { readonly on: readonly MockCall[]; readonly fault: Fault }[] = []
  const meet: Faults = (call) => {
    const next = planned.find(({ on }) => on.includes(call))
    planned = planned.filter((one) => one !== next)
    return next?.fault
  }
  return {
    meet,
    plan(fault: Fault, ...on: readonly MockCall[]): void {
      planned.push({ fault, on })
    },
    clear(): void {
      planned = []
    },
  }
}

/** The error of a fault that keeps the call from happening; undefined for those that let it happen. */
export const refusal = (fault: Fault | undefined): ProviderError | undefined => {
  switch (fault?.kind) {
    case 'throttled':
      return new ProviderError('throttled', 'mock: too many requests', {
        ...(fault.retryAfter === undefined ? {} : { retryAfter: fault.retryAfter }),
      })
    case 'conflict':
      return new ProviderError('conflict', 'mock: somebody else is changing this')
    case 'forbidden':
      return new ProviderError('forbidden', 'mock: permission mock:PutBinding is missing')
    case 'invalid':
      return new ProviderError('invalid', 'mock: there is no such role')
    case 'unavailable':
      return new ProviderError('unavailable', 'mock: internal error')
    default:
      return undefined
  }
}
