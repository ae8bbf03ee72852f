import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { connectionFrom } from '../../app/config/clouds/kubeconfig.ts'
import {
  kubernetesFaults,
  kubernetesSchema,
  kubernetesSecretTexts,
  kubernetesSettings,
} from '../../app/config/clouds/kubernetes.ts'
import type { ConfigFault } from '../../app/config/fault.ts'

const token = randomBytes(16).toString('hex')
const base64 = (text: string) => Buffer.from(text).toString('base64')
const kubeconfig = (cluster: object = {}, user: object = { token }) =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    contexts: [
      { name: 'production', context: { cluster: 'p', user: 'gitsudo', namespace: 'x' } },
      { name: 'lost', context: { cluster: 'gone', user: 'gitsudo' } },
    ],
    clusters: [{ name: 'p', cluster: { server: 'https://k8s.acme.example:6443/', ...cluster } }],
    users: [{ name: 'gitsudo', user }],
  })
const faults = (section: unknown, text: string | undefined = kubeconfig()): readonly ConfigFault[] =>
  kubernetesFaults(kubernetesSchema.parse(section), text)

describe('the section', () => {
  it('names several clusters, one of them from within', () => {
    const section = kubernetesSchema.parse({
      clusters: [
        { name: 'production', token_namespace: 'people' },
        { name: 'home', in_cluster: true, token_namespace: 'p', token_server: 'https://home.example/' },
        { name: 'again', context: 'production' },
      ],
    })
    expect(kubernetesFaults(section, kubeconfig())).toEqual([])
    const settings = kubernetesSettings(section, kubeconfig())
    const production = { server: 'https://k8s.acme.example:6443', token: { text: token } }
    const mounted = '/var/run/secrets/kubernetes.io/serviceaccount'
    expect(settings.clusters).toEqual([
      {
        name: 'production',
        connection: production,
        tokens: { namespace: 'people', server: production.server },
      },
      {
        name: 'home',
        connection: {
          server: 'https://kubernetes.default.svc',
          ca: { file: `${mounted}/ca.crt` },
          token: { file: `${mounted}/token` },
        },
        tokens: { namespace: 'p', server: 'https://home.example' },
      },
      { name: 'again', connection: production },
    ])
    expect(kubernetesSecretTexts(settings)).toEqual([token, token])
  })

  it.each([
    [
      'a name twice',
      { clusters: [{ name: 'production' }, { name: 'production' }] },
      'clusters[1].name',
      /once/,
    ],
    [
      'both ways',
      { clusters: [{ name: 'production', in_cluster: true, context: 'p' }] },
      'clusters[0].context',
      /keep/,
    ],
    [
      'no such context',
      { clusters: [{ name: 'staging' }] },
      'clusters[0].context',
      /one of production, lost/,
    ],
    [
      'no address for requesters',
      { clusters: [{ name: 'home', in_cluster: true, token_namespace: 'people' }] },
      'clusters[0].token_server',
      /address/,
    ],
    [
      'an address for nobody',
      { clusters: [{ name: 'production', token_server: 'https://x.example' }] },
      'clusters[0].token_server',
      /token_namespace/,
    ],
    [
      'an address without TLS',
      { clusters: [{ name: 'production', token_namespace: 'p', token_server: 'http://x.example' }] },
      'clusters[0].token_server',
      /https/,
    ],
  ])('refuses %s', (_, section, key, remedy) => {
    expect(faults(section)).toEqual([
      {
        key: `providers.kubernetes.${key}`,
        message: expect.any(String),
        remedy: expect.stringMatching(remedy),
      },
    ])
  })

  it('says nothing of what is in an empty file, of which somebody has said that it is empty', () => {
    expect(faults({ clusters: [{ name: 'production' }] }, '')).toEqual([])
  })

  it('says that a kubeconfig is missing', () => {
    expect(
      kubernetesFaults(kubernetesSchema.parse({ clusters: [{ name: 'production' }] }), undefined),
    ).toEqual([
      {
        key: 'providers.kubernetes.kubeconfig_file',
        message: expect.stringContaining('production'),
        remedy: expect.stringMatching(/GITSUDO_KUBERNETES_KUBECONFIG.*in_cluster/),
      },
    ])
  })

  it.each([
    { name: 'Production' },
    { name: '' },
    { name: 'a'.repeat(64) },
    { name: 'x', token_namespace: 'P' },
  ])('refuses the cluster %j by its shape', (cluster) => {
    expect(kubernetesSchema.safeParse({ clusters: [cluster] }).success).toBe(false)
  })
})

describe('a kubeconfig', () => {
  const read = (cluster: object, user?: object) => connectionFrom(kubeconfig(cluster, user), 'production')

  it('gives certificates and tokens, as data and as files', () => {
    expect(
      read(
        { 'certificate-authority-data': base64('the CA'), 'tls-server-name': 'kubernetes' },
        { 'client-certificate-data': base64('the certificate'), 'client-key': '/run/key.pem' },
      ),
    ).toEqual({
      server: 'https://k8s.acme.example:6443',
      serverName: 'kubernetes',
      ca: { text: 'the CA' },
      certificate: { text: 'the certificate' },
      key: { file: '/run/key.pem' },
    })
    expect(read({ 'certificate-authority': '/run/ca.pem' }, { tokenFile: '/run/token' })).toEqual({
      server: 'https://k8s.acme.example:6443',
      ca: { file: '/run/ca.pem' },
      token: { file: '/run/token' },
    })
  })

  it.each([
    ['no TLS', { server: 'http://k8s.acme.example' }, undefined, /not verified/],
    ['unverified TLS', { 'insecure-skip-tls-verify': true }, undefined, /not verified/],
    ['a proxy', { 'proxy-url': 'socks5://proxy' }, undefined, /proxy/],
    ['a program to run', {}, { exec: { command: 'aws' } }, /uses exec/],
    ['another authenticator', {}, { 'auth-provider': { name: 'oidc' } }, /uses auth-provider/],
    ['a password', {}, { username: 'admin', password: token }, /uses username/],
    ['somebody else', {}, { token, as: 'admin' }, /uses as/],
    ['nobody', {}, {}, /neither a token nor/],
    ['half a certificate', {}, { 'client-certificate': '/run/c.pem' }, /neither a token nor/],
    ['a relative path', {}, { tokenFile: 'token' }, /begin with/],
    ['no address', { server: 'k8s' }, undefined, /clusters\.0\.cluster\.server/],
  ])('is refused with %s', (_, cluster, user, says) => {
    const found = read(cluster, user)
    expect(found).toEqual({
      fault: expect.stringMatching(says),
      remedy: expect.stringContaining('kubernetes.md'),
    })
    expect(JSON.stringify(found)).not.toContain(token)
  })

  it.each(['', 'hello', '[1, 2', 'contexts: 7', '{}'])('is none: %j', (text) => {
    expect(connectionFrom(text, 'production')).toMatchObject({ fault: expect.stringContaining('is none') })
  })

  it('that leads nowhere is refused', () => {
    expect(connectionFrom(kubeconfig(), 'lost')).toMatchObject({ fault: expect.stringContaining('lacks') })
  })
})
