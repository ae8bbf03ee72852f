import pg from 'pg'

/**
 * A PostgreSQL address as slonik takes it: by pg's own reading, which the queue and every other client here follow.
 * slonik's knows neither `verify-full` nor a root certificate, and leaves a user told as a parameter out.
 */
export function slonikAddress(url: string): { readonly url: string; readonly ssl: pg.Client['ssl'] } {
  const {
    host,
    port,
    user = '',
    password = '',
    database = '',
    ssl,
  } = new pg.Client({ connectionString: url })
  const at = new URL('postgres://host')
  at.host = `${host.includes(':') ? `[${host}]` : encodeURIComponent(host)}:${port}`
  Object.assign(at, {
    username: encodeURIComponent(user),
    password: encodeURIComponent(typeof password === 'string' ? password : ''),
    pathname: encodeURIComponent(database),
  })
  const given = new URL(url).searchParams
  for (const name of ['options', 'application_name']) {
    const value = given.get(name)
    if (value !== null) at.searchParams.set(name, value)
  }
  return { url: at.href, ssl }
}
