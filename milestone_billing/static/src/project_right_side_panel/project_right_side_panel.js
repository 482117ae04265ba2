import { ProjectRightSidePanel } from "@project/components/project_right_side_panel/project_right_side_panel";

import { BillingTimeline } from "../billing_timeline/billing_timeline";

Object.assign(ProjectRightSidePanel.components, { BillingTimeline });
