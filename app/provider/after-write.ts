import { ProviderError } from './port.ts'

/**
 * Does what follows a write that the cloud has accepted. Trouble in it is no answer to the write, which may still take
 * effect: it is `unknown`, so that the attempt stays open.
 */
export const afterWrite = async <T>(work: () => Promise<T>): Promise<T> => {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error
    const { message, retryAfter } = error
    throw new ProviderError('unknown', message, {
      cause: error,
      ...(retryAfter === undefined ? {} : { retryAfter }),
    })
  }
}
