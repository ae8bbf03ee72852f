import type { PersonFact, ReviewFact } from '../../decision/facts.ts'
import type { Directory } from '../../identity/directory.ts'
import type { ReconcileDeps } from '../deps.ts'
import type { Mirror } from '../ports/git.ts'
import type { ApiReview, Permission, RepositoryApi } from '../ports/github.ts'
import type { ReviewPayload } from '../ports/payload.ts'
import { genuine } from './deliveries.ts'
import { obtain } from './obtain.ts'
import { plainAt } from './plain-at.ts'
import { Trouble } from './trouble.ts'

const states = {
  APPROVED: 'approved',
  CHANGES_REQUESTED: 'changes_requested',
  COMMENTED: 'commented',
  DISMISSED: 'dismissed',
} as const

/**
 * How fresh what GitHub says of a person must be: cached for the forecast, never at a verdict (trust.md 2.9). Undefined:
 * it knows no such login.
 */
export type PermissionOf = (person: PersonFact) => Promise<Permission | undefined>

/**
 * Reviews as GitHub lists them now, each with the first stored payload of its id (trust.md 2.1, 2.2), and what it lists
 * otherwise although signed payloads take an approval away (2.4): GitHub never unsays either. An approval that it does not
 * list contradicts its payload, and is waited for (3.12).
 */
export type Listed = readonly {
  readonly review: ApiReview
  readonly payload: Stored | undefined
  /** Of whoever approves or asks for changes, by either. */
  readonly permission?: Permission
}[]

/** Whether it is an approval by either word. */
export const approves = ({ review, payload }: Listed[number]): boolean =>
  review.state === 'APPROVED' || payload?.state === 'approved'

/** What GitHub and the store say of reviews; what lies in the commits that they cover is Git's to say (`reviewsOf`). */
export const listReviews = async (
  deps: Pick<ReconcileDeps, 'store' | 'payloads' | 'log'>,
  api: RepositoryApi,
  permissionOf: PermissionOf,
  at: { readonly repository: number; readonly pull: number; readonly forecast: boolean },
): Promise<Listed> => {
  const told = await deps.store.deliveriesOfPull(at.repository, at.pull, ['pull_request_review'])
  const payloads = new Map<number, Stored>()
  const dismissed = new Map<number, ReviewPayload>()
  for (const { body, receivedAt } of genuine(deps, told)) {
    const payload = deps.payloads.review(body)
    if (payload?.action === 'submitted' && !payloads.has(payload.reviewId))
      payloads.set(payload.reviewId, { ...payload, storedAt: earliest(receivedAt, payload.submittedAt) })
    if (payload?.action === 'dismissed') dismissed.set(payload.reviewId, payload)
  }
  // Without a stored payload no review can count, so the forecast need not ask; the verdict always does.
  if (at.forecast && payloads.size === 0) return []
  const listed = (await api.reviews(at.pull)).filter((review) => review.state !== 'PENDING')
  const all = new Map(listed.map((review) => [review.id, review]))
  const logins = new Set(listed.flatMap(({ reviewer }) => reviewer?.login ?? []))
  const permission = async (reviewer: PersonFact): Promise<Permission> => {
    const said = await permissionOf(reviewer)
    if (said === undefined && logins.has(reviewer.login))
      throw new Trouble(`GitHub lists a review by ${reviewer.login}, and knows no such login`)
    return said ?? 'none'
  }
  for (const one of dismissed.values())
    if (all.get(one.reviewId)?.state !== 'CHANGES_REQUESTED')
      all.set(one.reviewId, { ...signedReview(one), ...all.get(one.reviewId), state: 'DISMISSED' })
  for (const one of payloads.values()) if (!all.has(one.reviewId)) all.set(one.reviewId, signedReview(one))
  return Promise.all(
    [...all.values()].map(async (review) => ({
      review,
      payload: payloads.get(review.id),
      ...(weighs(review, payloads.get(review.id)) && review.reviewer !== undefined
        ? { permission: await permission(review.reviewer) }
        : {}),
    })),
  )
}

const signedReview = ({ reviewId: id, reviewer, submittedAt, state }: ReviewPayload): ApiReview => ({
  id,
  state: state === 'changes_requested' ? 'CHANGES_REQUESTED' : 'COMMENTED',
  ...(reviewer === undefined ? {} : { reviewer }),
  submittedAt,
})

const weighs = ({ state }: ApiReview, payload: ReviewPayload | undefined): boolean =>
  state === 'APPROVED' ||
  state === 'CHANGES_REQUESTED' ||
  (state === 'COMMENTED' && (payload?.state === 'approved' || payload?.state === 'changes_requested'))

/** Each review joined with what lay at the request's paths in the commit that its payload covers. */
export const reviewsOf = async (
  mirror: Mirror,
  directory: Directory,
  listed: Listed,
  at: {
    readonly paths: readonly string[]
    /** Folders, whose tree hashes are taken. */
    readonly folders: readonly string[]
  },
): Promise<readonly ReviewFact[]> => {
  // One that is gone for good covers nothing.
  for (const commit of new Set(listed.flatMap(({ payload }) => payload?.commit ?? [])))
    await obtain(mirror, commit)
  return Promise.all(listed.map((one) => fact(one, mirror, directory, at)))
}

type Stored = ReviewPayload & { readonly storedAt: number }

/** What is stored late by a redelivery is as old as it says; GitHub's times are whole seconds. Epoch ms. */
export const earliest = (receivedAt: number, toldAt: number): number => Math.min(receivedAt, toldAt + 999)

const fact = async (
  { review, payload, permission }: Listed[number],
  mirror: Mirror,
  directory: Directory,
  { paths, folders }: { readonly paths: readonly string[]; readonly folders: readonly string[] },
): Promise<ReviewFact> => {
  const state = review.state === 'PENDING' ? 'commented' : states[review.state]
  const { reviewer } = review
  const blobs: Record<string, string | null> = {}
  if (payload !== undefined && (await mirror.has(payload.commit))) {
    for (const path of paths) blobs[path] = await plainAt(mirror, payload.commit, path)
    for (const folder of folders) blobs[folder] = (await mirror.treeHash(payload.commit, folder)) ?? null
  }
  const identity = reviewer === undefined ? undefined : directory.byId(reviewer.id)
  return {
    id: review.id,
    ...(reviewer === undefined ? {} : { reviewer }),
    state,
    submittedAt: payload?.submittedAt ?? review.submittedAt ?? 0,
    ...(payload === undefined ? {} : { storedAt: payload.storedAt }),
    ...(payload === undefined || payload.state === 'dismissed'
      ? {}
      : {
          payload: {
            commit: payload.commit,
            state: payload.state,
            ...(payload.reviewer?.id === reviewer?.id ? {} : { ofAnother: true as const }),
          },
        }),
    blobs,
    ...(permission === undefined ? {} : { permission }),
    // Policy owners are known from the configuration.
    ...(identity === undefined && folders.length === 0 ? { unlisted: true as const } : {}),
    principals: identity === undefined ? [] : directory.principalsOf(identity),
  }
}
