import { isRefusal, ProviderError } from './port.ts'

/** What is not there, or not for gitsudo, is told of by itself; trouble ends the whole. */
export const ifThere = async <T>(
  asked: Promise<T>,
): Promise<{ readonly found: T } | { readonly why: string; readonly kind: ProviderError['kind'] }> => {
  try {
    return { found: await asked }
  } catch (error) {
    if (error instanceof ProviderError && isRefusal(error)) return { why: error.message, kind: error.kind }
    throw error
  }
}
