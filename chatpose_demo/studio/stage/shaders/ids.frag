#version 330
in vec3 v_place; in vec3 v_normal; in vec3 v_colour; in vec3 v_grain;
flat in float v_material; flat in float v_id; in float v_depth;
out vec2 id_depth;
void main() { id_depth = vec2(v_id, v_depth); }
