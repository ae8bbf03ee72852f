import { payloads } from '../../app/github/payload.ts'
import { describeGitHub } from '../support/contract/github.ts'
import { type Person, setStage } from './stage.ts'

const access = '/repos/acme/access'
const ids = { alice: 11, bob: 12, carol: 13 }

describeGitHub('the local one, over HTTP', async () => {
  const stage = await setStage()
  const { admin, as, hub, time, tokens, head } = stage
  admin.setPermission('acme/access', 'carol', 'write')
  await as('root', 'POST', `${access}/git/refs`, { ref: 'refs/heads/side', sha: head })
  const tip = async (branch: string): Promise<string | undefined> => {
    const response = await fetch(`${hub.apiUrl}${access}/git/ref/heads/${branch}`, {
      headers: { authorization: `token ${tokens.get('root')}` },
    })
    return response.ok ? ((await response.json()) as { object: { sha: string } }).object.sha : undefined
  }
  const point = async (by: Person, branch: string, sha: string): Promise<void> => {
    if ((await tip(branch)) === undefined)
      await as(by, 'POST', `${access}/git/refs`, { ref: `refs/heads/${branch}`, sha })
    else await as(by, 'PATCH', `${access}/git/refs/heads/${branch}`, { sha, force: true })
  }
  const commit = async (by: Person, path: string, content: string, parent: string): Promise<string> => {
    const tree = await as(by, 'POST', `${access}/git/trees`, {
      base_tree: parent,
      tree: [{ path, mode: '100644', type: 'blob', content }],
    })
    const made = await as(by, 'POST', `${access}/git/commits`, {
      message: content,
      tree: tree.sha,
      parents: [parent],
    })
    return made.sha
  }
  const words = { APPROVED: 'APPROVE', CHANGES_REQUESTED: 'REQUEST_CHANGES', COMMENTED: 'COMMENT' }
  const pullAt = (pull: number) => `${access}/pulls/${pull}`
  return {
    repository: 7,
    api: stage.api,
    payloads,
    now: () => time.now,
    deliveries: async () => {
      await admin.deliveriesSettled()
      return stage.accepted.map(({ delivery }) => delivery)
    },
    close: stage.close,
    acts: {
      id: (name) => ids[name],
      push: async (by, branch, text, force = false) => {
        const parent = (force ? undefined : await tip(branch)) ?? (await tip('main')) ?? head
        const sha = await commit(by, branch, text, parent)
        await point(by, branch, sha)
        return sha
      },
      point,
      open: async (by, branch) =>
        (await as(by, 'POST', `${access}/pulls`, { title: branch, head: branch, base: 'main' })).number,
      review: async (by, pull, state) => {
        time.now += 1000
        const body = { event: words[state], body: state }
        return (await as(by, 'POST', `${pullAt(pull)}/reviews`, body)).id
      },
      dismiss: async (pull, review) => {
        await as('root', 'PUT', `${pullAt(pull)}/reviews/${review}/dismissals`, { message: 'no more' })
      },
      close: async (by, pull) => void (await as(by, 'PATCH', pullAt(pull), { state: 'closed' })),
      reopen: async (by, pull) => void (await as(by, 'PATCH', pullAt(pull), { state: 'open' })),
      retarget: async (by, pull, base) => void (await as(by, 'PATCH', pullAt(pull), { base })),
      draft: async (by, pull, draft) => {
        const mutation = draft ? 'convertPullRequestToDraft' : 'markPullRequestReadyForReview'
        const { nodeId } = await stage.api.pull(pull)
        const query = `mutation($input: ${mutation[0]?.toUpperCase()}${mutation.slice(1)}Input!) { ${mutation}(input: $input) { pullRequest { id } } }`
        const response = await fetch(`${hub.url}/api/graphql`, {
          method: 'POST',
          headers: { authorization: `token ${tokens.get(by)}`, 'content-type': 'application/json' },
          body: JSON.stringify({ query, variables: { input: { pullRequestId: nodeId } } }),
        })
        const answer = (await response.json()) as { readonly errors?: unknown }
        if (!response.ok || answer.errors) throw new Error(JSON.stringify(answer))
      },
      merge: async (by, pull, how) =>
        (await as(by, 'PUT', `${pullAt(pull)}/merge`, { merge_method: how })).sha,
      comment: async (by, pull, body, edits) => {
        time.now += 1000
        return edits === undefined
          ? (await as(by, 'POST', `${access}/issues/${pull}/comments`, { body })).id
          : (await as(by, 'PATCH', `${access}/issues/comments/${edits}`, { body })).id
      },
      allow: async (name, permission) => {
        if (permission !== 'none') admin.setPermission('acme/access', name, permission)
      },
      reuse: async (name) => {
        admin.renameUser(name, `${name}-was`)
        return admin.createUser({ login: name, id: ids[name] + 1000 }).id
      },
    },
  }
})
