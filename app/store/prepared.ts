import type { Interceptor } from 'slonik'

/** So many texts are prepared at most: a text made of a list's length is another one for each length. */
const most = 400
const names = new Map<string, string>()
const seen = new Set<string>()

/**
 * Whatever is asked again is a prepared statement of its connection: PostgreSQL parses and plans it once, which costs it
 * more than most of what we ask.
 */
export const preparedQueries: Interceptor = {
  name: 'prepared queries',
  transformQuery(_, query) {
    const name = query.name ?? statementName(query.sql)
    return name === undefined ? query : { ...query, name }
  },
}

/**
 * Plans are kept: one made while a table was empty would walk it whole when it has grown. What we ask has its index, and
 * nothing of it is worth compiling.
 */
export const keptPlans = ['enable_seqscan = off', 'jit = off'] as const

/** What `*` stands for changes with a migration, which a prepared statement does not outlive. */
const isOpen = (text: string) => /(select|returning|\.)\s*\*/i.test(text)

/** The name under which a connection prepares this text; none the first time. */
export function statementName(text: string): string | undefined {
  const known = names.get(text)
  if (known !== undefined || names.size === most) return known
  if (isOpen(text)) return
  if (!seen.has(text)) {
    if (seen.size === most) seen.clear()
    seen.add(text)
    return
  }
  seen.delete(text)
  const name = `q${names.size}`
  names.set(text, name)
  return name
}
