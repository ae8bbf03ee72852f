import { clientConfigurationSchema, loginSchema } from '../api.ts'
import { clientFor, secureAddress } from '../client.ts'
import { deviceFlow } from '../device-flow.ts'
import { said } from '../terminal/said.ts'
import { flag, type Verb } from '../verb.ts'

export const login: Verb = {
  name: 'login',
  summary: 'Sign in: get the GitHub user token that the other commands use, by a code typed in on GitHub',
  options: [{ flags: '--print', summary: 'print the token instead of keeping it' }],
  remote: true,
  json: true,
  async run(deps, args) {
    const client = clientFor(deps, args)
    const { client_id: clientId, github_url } = await client.look('/api/v1/login', loginSchema)
    const githubUrl = secureAddress(github_url, 'GitHub')
    const signedIn = await deviceFlow(deps, { githubUrl, clientId }, ({ code, address, seconds }) =>
      deps.err.write(said`Open ${address} and type in ${code} (within ${Math.floor(seconds / 60)} min).\n`),
    )
    if (flag(args, 'print')) {
      deps.out.write(`${signedIn.token}\n`)
      return 0
    }
    const own = clientFor(deps, { ...args, options: { ...args.options, token: signedIn.token } })
    const { login: who } = await own.get('/api/v1/client-configuration', clientConfigurationSchema)
    deps.logins.keep(client.server, signedIn)
    if (deps.env.GITSUDO_TOKEN)
      deps.err.write('gitsudo: GITSUDO_TOKEN is set and comes before this sign-in.\n')
    const end = signedIn.expiresAt === undefined ? undefined : new Date(signedIn.expiresAt).toISOString()
    deps.out.write(
      args.output === 'json'
        ? `${JSON.stringify({ login: who, server: client.server, ...(end === undefined ? {} : { expires_at: end }) })}\n`
        : said`✓ Signed in as ${who} at ${client.server}${end === undefined ? '' : `, until ${end}`}\n`,
    )
    return 0
  },
}
