import canonicalize from 'canonicalize'

/** A value that RFC 8785 has no bytes for. */
export class CanonicalError extends Error {
  readonly code = 'not_canonical'
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'CanonicalError'
  }
}

/** Nothing of ours comes near; whoever walks what is nested without end runs out of stack. */
const deepest = 100

/**
 * The bytes of RFC 8785 (JSON Canonicalization Scheme), UTF-8. Throws `CanonicalError` for lone surrogates,
 * numbers that are not finite, whatever JSON would drop or rewrite silently, and what is nested more than 100 deep.
 */
export function canonicalBytes(value: unknown): Uint8Array {
  refuseSilentLoss(value, '', 0)
  let text: string | undefined
  try {
    text = canonicalize(value)
  } catch (cause) {
    throw new CanonicalError(`Not JSON: ${cause instanceof Error ? cause.message : String(cause)}.`, {
      cause,
    })
  }
  if (text === undefined) throw new CanonicalError('Not JSON: nothing to write.')
  return Buffer.from(text, 'utf8')
}

/** Why a value has no such bytes; undefined: it has. */
export function canonicalFault(value: unknown): string | undefined {
  try {
    canonicalBytes(value)
    return undefined
  } catch (error) {
    if (error instanceof CanonicalError) return error.message
    throw error
  }
}

/** `undefined` in an array becomes null, dates become strings, maps become `{}`: two values, one hash. */
function refuseSilentLoss(value: unknown, path: string, depth: number): void {
  if (value === null || typeof value === 'string' || typeof value === 'boolean' || typeof value === 'number')
    return
  if (depth > deepest) throw new CanonicalError(`Nested more than ${deepest} deep, at ${path.slice(0, 100)}.`)
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) refuseSilentLoss(item, `${path}/${index}`, depth + 1)
    return
  }
  if (typeof value === 'object') {
    const prototype = Object.getPrototypeOf(value)
    if (prototype === Object.prototype || prototype === null) {
      for (const [key, item] of Object.entries(value)) {
        // An absent optional property is absent in JSON too.
        if (item !== undefined) refuseSilentLoss(item, `${path}/${key}`, depth + 1)
      }
      return
    }
  }
  throw new CanonicalError(`Not JSON at ${path || '/'}: a ${typeof value} has no canonical bytes.`)
}
