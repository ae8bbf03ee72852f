const secretName =
  /^(authorization|cookie|set-cookie)$|token$|secret|passw(or)?d|private_?key|credential|environment$|^files$/i
/** GitHub's token prefixes (GitHub docs, "About authentication to GitHub"), PEM keys, passwords in addresses, JWTs. */
const secretText =
  /\b(gh[pousr]_[A-Za-z0-9_]{16,}|github_pat_[A-Za-z0-9_]{20,}|eyJ[\w-]+\.eyJ[\w-]+\.[\w-]+)|-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g
const password = /(:\/\/[^:/@\s]*:)[^@/\s]+(?=@)/g
const mask = '[redacted]'

/**
 * A copy fit for a log line: errors as plain values with their causes, and every secret masked, known by its
 * field's name, by its form, or because it is one of `secrets`.
 */
export function redactor(secrets: readonly string[]): (value: unknown) => unknown {
  // Short ones would mask ordinary words; the configuration takes none so short (config/secret-forms.ts).
  const known = secrets.map((secret) => secret.trim()).filter((secret) => secret.length >= 8)
  const text = (value: string): string =>
    known
      .reduce((rest, secret) => rest.replaceAll(secret, mask), value)
      .replace(secretText, mask)
      .replace(password, `$1${mask}`)

  const clean = (value: unknown, depth: number): unknown => {
    if (typeof value === 'string') return text(value)
    if (typeof value === 'bigint') return value.toString()
    if (typeof value !== 'object' || value === null) return value
    if (depth > 8) return '[too deep]'
    if (value instanceof Error) return clean(errorFields(value), depth)
    if (value instanceof Date) return value.toISOString()
    if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`
    if (Array.isArray(value)) return value.map((entry) => clean(entry, depth + 1))
    if (value instanceof Map || value instanceof Set) return clean([...value], depth)
    return Object.fromEntries(
      Object.entries(value).map(([name, entry]) => [
        name,
        secretName.test(name) && entry !== undefined && entry !== null ? mask : clean(entry, depth + 1),
      ]),
    )
  }
  return (value) => clean(value, 0)
}

function errorFields(error: Error): Readonly<Record<string, unknown>> {
  return {
    type: error.name,
    message: error.message,
    ...('code' in error ? { code: error.code } : {}),
    stack: error.stack,
    ...(error.cause === undefined ? {} : { cause: error.cause }),
    ...(error instanceof AggregateError ? { errors: error.errors } : {}),
  }
}
