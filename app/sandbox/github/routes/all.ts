import type { Route } from '../call.ts'
import { appRoutes } from './apps.ts'
import { checkRoutes } from './checks.ts'
import { commentRoutes } from './comments.ts'
import { deliveryRoutes } from './deliveries.ts'
import { pullRoutes } from './pulls.ts'
import { requestedReviewerRoutes } from './requested-reviewers.ts'
import { reviewRoutes } from './reviews.ts'

/** Every endpoint of the API. A merge queue (`merge_group`, `enqueuePullRequest`) gets its own file here. */
export const allRoutes: readonly Route[] = [
  ...pullRoutes,
  ...reviewRoutes,
  ...requestedReviewerRoutes,
  ...commentRoutes,
  ...checkRoutes,
  ...appRoutes,
  ...deliveryRoutes,
]
