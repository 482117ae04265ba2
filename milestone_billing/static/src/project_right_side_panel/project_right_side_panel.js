import { ProjectRightSidePanel } from "@project/components/project_right_side_panel/project_right_side_panel";

import { ProjectTimeline } from "../billing_timeline/project_timeline";

Object.assign(ProjectRightSidePanel.components, { ProjectTimeline });
