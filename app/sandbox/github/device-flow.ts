import { randomBytes, randomInt } from 'node:crypto'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { escaped, html } from './pages.ts'
import type { App, Device } from './state/app.ts'
import { appOf, findAccount, type World } from './state/world.ts'
import { createUserToken } from './tokens.ts'

const CODE_LIFE_SECONDS = 900
const INTERVAL_SECONDS = 5
const TOKEN_LIFE_SECONDS = 28_800
const REFRESH_LIFE_SECONDS = 15_897_600
/** Consonants only, so that no code is a word. */
const LETTERS = 'BCDFGHJKLMNPQRSTVWXZ'
const GRANT_TYPE = 'urn:ietf:params:oauth:grant-type:device_code'

type Refusal = { readonly error: string; readonly description: string; readonly more?: object }

/**
 * The device flow of an App, and the page where a person types the code in. There are no passwords here: the person
 * chooses who to be. Refresh tokens are given out and not taken back: their exchange is not here.
 * https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-user-access-token-for-a-github-app
 */
export function addDeviceFlow(world: World, server: FastifyInstance): void {
  server.post('/login/device/code', (request, reply) => {
    const app = appOfClient(world, fieldsIn(request.body).get('client_id'))
    if (app === undefined) return reply.code(404).send({ error: 'Not Found' })
    if (!app.settings.deviceFlow)
      return refused(reply.code(400), {
        error: 'device_flow_disabled',
        description: 'Device Flow must be explicitly enabled for this App',
      })
    const deviceCode = randomBytes(20).toString('hex')
    const userCode = `${letters()}-${letters()}`
    world.devices.set(deviceCode, {
      userCode,
      appId: app.id,
      expiresAt: world.clock.now() + CODE_LIFE_SECONDS * 1000,
      intervalSeconds: INTERVAL_SECONDS,
      askedAt: world.clock.now(),
    })
    return reply.send({
      device_code: deviceCode,
      user_code: userCode,
      verification_uri: `${world.url}/login/device`,
      expires_in: CODE_LIFE_SECONDS,
      interval: INTERVAL_SECONDS,
    })
  })

  server.post('/login/oauth/access_token', (request, reply) => {
    const fields = fieldsIn(request.body)
    const app = appOfClient(world, fields.get('client_id'))
    const device = world.devices.get(fields.get('device_code') ?? '')
    const refusal = refusalOf(world, fields, app, device)
    if (refusal !== undefined) return refused(reply, refusal)
    world.devices.delete(fields.get('device_code') ?? '')
    return reply.send(tokenOf(world, device?.appId ?? 0, device?.answer?.userId ?? 0))
  })

  server.get('/login/device', (_request, reply) =>
    html(
      reply,
      200,
      `<form method="post" action="/login/device">
<h1>Device activation</h1>
<input name="user_code" placeholder="XXXX-XXXX">
<select name="login">${people(world)
        .map((login) => `<option>${escaped(login)}</option>`)
        .join('')}</select>
<button name="answer" value="authorize">Authorize</button><button name="answer" value="cancel">Cancel</button></form>`,
    ),
  )
  server.post('/login/device', (request, reply) => {
    const fields = fieldsIn(request.body)
    const typed = fields.get('user_code')?.toUpperCase()
    const device = world.devices.values().find(({ userCode }) => userCode === typed)
    const account = findAccount(world, fields.get('login') ?? '')
    if (device === undefined || isLate(world, device) || account?.type !== 'User')
      return html(reply, 422, '<p>The code, or the person, is not known.</p>')
    device.answer = { userId: fields.get('answer') === 'cancel' ? null : account.id }
    return html(reply, 200, '<p>You may go back to your device.</p>')
  })
}

const refusalOf = (
  world: World,
  fields: URLSearchParams,
  app: App | undefined,
  device: Device | undefined,
): Refusal | undefined => {
  if (app === undefined)
    return {
      error: 'incorrect_client_credentials',
      description: 'The client_id and/or client_secret passed are incorrect.',
    }
  if (fields.get('grant_type') !== GRANT_TYPE)
    return { error: 'unsupported_grant_type', description: `The grant_type must be ${GRANT_TYPE}.` }
  if (device === undefined || device.appId !== app.id)
    return { error: 'incorrect_device_code', description: 'The device_code provided is not valid.' }
  if (isLate(world, device)) return { error: 'expired_token', description: 'This device_code has expired.' }
  const early = world.clock.now() < device.askedAt + device.intervalSeconds * 1000
  device.askedAt = world.clock.now()
  if (early) {
    device.intervalSeconds += 5
    return {
      error: 'slow_down',
      description: 'Too many requests have been made in the same timeframe.',
      more: { interval: device.intervalSeconds },
    }
  }
  if (device.answer === undefined)
    return { error: 'authorization_pending', description: 'The authorization request is still pending.' }
  if (device.answer.userId === null)
    return { error: 'access_denied', description: 'The authorization request was denied.' }
  return undefined
}

const tokenOf = (world: World, appId: number, userId: number) => {
  const expires = appOf(world, appId).settings.userTokensExpire
  const end = expires ? world.clock.now() + TOKEN_LIFE_SECONDS * 1000 : undefined
  return {
    access_token: createUserToken(world, userId, appId, end),
    ...(expires
      ? {
          expires_in: TOKEN_LIFE_SECONDS,
          refresh_token: `ghr_${randomBytes(38).toString('hex')}`,
          refresh_token_expires_in: REFRESH_LIFE_SECONDS,
        }
      : {}),
    token_type: 'bearer',
    scope: '',
  }
}

/** GitHub's OAuth errors come with status 200. */
const refused = (reply: FastifyReply, { error, description, more = {} }: Refusal) =>
  reply.send({
    error,
    error_description: description,
    error_uri:
      'https://docs.github.com/developers/apps/authorizing-oauth-apps#error-codes-for-the-device-flow',
    ...more,
  })

const isLate = (world: World, { expiresAt }: Device): boolean => expiresAt <= world.clock.now()
const fieldsIn = (body: unknown): URLSearchParams => new URLSearchParams(typeof body === 'string' ? body : '')
const appOfClient = (world: World, clientId: string | null): App | undefined =>
  world.apps.values().find((app) => app.clientId === clientId)
const people = (world: World): readonly string[] =>
  world.accounts
    .values()
    .filter(({ type, removed }) => type === 'User' && !removed)
    .map(({ login }) => login)
    .toArray()
const letters = (): string =>
  Array.from({ length: 4 }, () => LETTERS.charAt(randomInt(LETTERS.length))).join('')
