import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { appManifest, events, permissions } from '../../app/github/manifest.ts'
import { shapes } from '../../app/github/shapes.ts'
import { appEvents, appPermissions } from '../../app/sandbox/world.ts'

test('the manifest asks for what is explained, and for the events that are read', () => {
  const made = appManifest({
    name: 'gitsudo',
    url: 'https://gitsudo.acme.example',
    webhookUrl: 'https://gitsudo.acme.example/webhooks/github',
    redirectUrl: 'http://127.0.0.1:3000/',
  })
  expect(made).toMatchObject({
    public: false,
    hook_attributes: { url: 'https://gitsudo.acme.example/webhooks/github', active: true },
    redirect_url: 'http://127.0.0.1:3000/',
    default_permissions: { checks: 'write', administration: 'read' },
  })
  const unasked = ['installation', 'installation_repositories']
  expect([...events, ...unasked].sort()).toEqual(Object.keys(shapes).sort())
})

test('the App on the local GitHub has the same permissions and is told of the same events', () => {
  const { default_permissions, default_events } = appManifest({ name: '', url: '', webhookUrl: '' })
  expect([appPermissions, appEvents]).toEqual([default_permissions, default_events])
})

test('the README gives the same permissions and reasons', async () => {
  const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8')
  for (const [name, { level, why }] of Object.entries(permissions)) {
    expect(readme).toContain(`| ${name.replace('_', ' ')}: ${level} | ${why} |`)
  }
})
