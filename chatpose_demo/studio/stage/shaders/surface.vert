#version 330
uniform mat4 T_clip_world;
in vec3 place; in vec3 normal; in vec3 colour; in vec3 grain; in float material; in float id;
out vec3 v_place; out vec3 v_normal; out vec3 v_colour; out vec3 v_grain;
flat out float v_material; flat out float v_id; out float v_depth;
void main() {
    v_place = place; v_normal = normal; v_colour = colour; v_grain = grain;
    v_material = material; v_id = id;
    gl_Position = T_clip_world * vec4(place, 1.0);
    v_depth = gl_Position.w;
}
