/** Network settings of the machine that a fetch needs; everything else of our environment stays out. */
const inherited = [
  'PATH',
  'http_proxy',
  'https_proxy',
  'HTTPS_PROXY',
  'no_proxy',
  'NO_PROXY',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'GIT_SSL_CAINFO',
  'GIT_SSL_CAPATH',
]

const settings: readonly (readonly [string, string])[] = [
  ['gc.auto', '0'],
  ['maintenance.auto', 'false'],
  ['transfer.fsckObjects', 'true'],
  ['core.hooksPath', '/dev/null'],
  ['core.fsmonitor', 'false'],
  ['credential.helper', ''],
  ['protocol.version', '2'],
  // GitHub redirects a renamed repository's old address; following it would read another repository's
  // content under this one's id (trust.md 1.1), and could carry the header to another host.
  ['http.followRedirects', 'false'],
  ['http.lowSpeedLimit', '1'],
  ['http.lowSpeedTime', '30'],
]

/**
 * The whole environment of a git child. The token goes in here only, bound to its address: argv and config
 * files can be read by others, an address ends in error messages.
 */
export function gitEnvironment(authorization?: {
  readonly url: string
  readonly token: string
}): Record<string, string> {
  const config = [...settings]
  if (authorization) {
    const basic = Buffer.from(`x-access-token:${authorization.token}`).toString('base64')
    config.push([`http.${authorization.url}.extraHeader`, `Authorization: Basic ${basic}`])
  }
  const environment: Record<string, string> = {
    LC_ALL: 'C',
    // Keeps curl from reading somebody's .netrc.
    HOME: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_SYSTEM: '/dev/null',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_ATTR_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_NO_LAZY_FETCH: '1',
    GIT_NO_REPLACE_OBJECTS: '1',
    GIT_LITERAL_PATHSPECS: '1',
    GIT_ALLOW_PROTOCOL: 'https:http:file',
    GIT_CONFIG_COUNT: String(config.length),
  }
  for (const [index, [key, value]] of config.entries()) {
    environment[`GIT_CONFIG_KEY_${index}`] = key
    environment[`GIT_CONFIG_VALUE_${index}`] = value
  }
  for (const name of inherited) {
    const value = process.env[name]
    if (value !== undefined) environment[name] = value
  }
  return environment
}
